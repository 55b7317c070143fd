package codec

// interpret interprets lines up to the end of what was read, and returns true at
// the first that completes an event or is too large.
//
// It is the decoder's inner loop, which BenchmarkScan guards. Lines of the usual
// form are dealt with here, all others in interpretLine.
func (d *Decoder) interpret() bool {
	t := &d.text
	d.skipPairedLF()
	buf := t.buf[:t.end]
	for {
		start := t.line
		if n := t.blankLine(); n > 0 && !d.skipping {
			if t.line += n; n == len("\r\n") {
				t.cr = t.find('\r', t.line)
			}
			if d.dispatch() {
				return true
			}
			continue
		}
		if t.lf < start {
			t.lf = t.find('\n', start)
		}
		end := t.lf
		switch {
		case t.cr < end:
			end = d.endAtCR()
		case end == len(buf):
			return false
		default:
			t.line = end + 1
		}
		if line := buf[start:end]; len(line) > 6 && !d.checked && !d.skipping {
			switch {
			case string(line[:5]) == "data:":
				d.addData(skipSpace(buf, start+5), end)
				continue
			case string(line[:6]) == "event:":
				d.block.typ.set(skipSpace(buf, start+6), end)
				continue
			case string(line[:3]) == "id:":
				d.addID(skipSpace(buf, start+3), end)
				continue
			}
		}
		if d.interpretLine(start, end) {
			return true
		}
	}
}

// skipPairedLF skips the LF of a CRLF pair of which the CR has ended a line already.
func (d *Decoder) skipPairedLF() {
	t := &d.text
	if d.skipLF && t.line < t.end {
		d.skipLF = false
		if t.buf[t.line] == '\n' {
			t.line++
		}
	}
}

// endAtCR goes on to the line after the one that the next CR ends, and returns
// where that ends.
func (d *Decoder) endAtCR() (end int) {
	t := &d.text
	end = t.cr
	t.line = end + 1
	if t.line == t.end {
		d.skipLF = true
	} else if t.buf[t.line] == '\n' {
		t.line++
	}
	t.cr = t.find('\r', t.line)
	return end
}

// interpretLine interprets one line and returns true if it completes an event or
// is too large.
func (d *Decoder) interpretLine(start, end int) bool {
	if d.skipping {
		d.skipping = false
		return false
	}
	if start == end {
		return d.dispatch()
	}
	line := d.text.buf[start:end]
	f, n := parse(line)
	if f == fieldComment && !d.comments {
		return false
	}
	if f != fieldUnknown && d.checked && d.tooLarge(f, len(line)-n) {
		d.text.line = start
		d.err = &SizeError{Limit: d.limit, Offset: d.text.lineOffset(), Field: f.String()}
		return true
	}
	value := line[n:]
	switch f {
	case fieldComment:
		d.comment.set(start+n, end)
		d.at = fieldComment
		return true
	case fieldData:
		d.addData(start+n, end)
	case fieldEvent:
		d.block.typ.set(start+n, end)
	case fieldID:
		d.addID(start+n, end)
	case fieldRetry:
		if t, ok := parseRetry(value); ok {
			d.retry, d.hasRetry = t, true
			d.block.retry, d.block.hasRetry = max(t, RetryZero), true
		}
	case fieldUnknown:
	}
	return false
}

// skipSpace returns i, or i+1 if there is a space.
func skipSpace(buf []byte, i int) int {
	if buf[i] == ' ' {
		i++
	}
	return i
}
