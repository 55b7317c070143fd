package codec

import (
	"bytes"
	"time"
)

// A block is what the lines since the last blank line have set, apart from the
// ID. Its data is part of the decoder's buffer: the value of a single data line
// where it was read, further lines moved up behind it.
type block struct {
	start, end int // the data in the buffer
	hasData    bool
	hasRetry   bool
	retry      time.Duration
	typ        lent
}

func (b *block) reset() {
	b.start, b.end, b.hasData = 0, 0, false
	b.retry, b.hasRetry = 0, false
	b.typ.set(0, 0)
}

// A field is what a line is about.
type field int

const (
	fieldUnknown field = iota
	fieldComment
	fieldData
	fieldEvent
	fieldID
	fieldRetry
)

func (f field) String() string {
	return [...]string{"unknown", "comment", "data", "event", "id", "retry"}[f]
}

// longestName is the length of the longest field name with a meaning.
const longestName = len("event")

// parse returns the field of a line that is not empty, and where its value begins.
func parse(line []byte) (f field, value int) {
	switch line[0] {
	case ':':
		return fieldComment, 1
	case 'd':
		if len(line) >= 4 && string(line[:4]) == "data" {
			f, value = fieldData, 4
		}
	case 'e':
		if len(line) >= 5 && string(line[:5]) == "event" {
			f, value = fieldEvent, 5
		}
	case 'i':
		if len(line) >= 2 && line[1] == 'd' {
			f, value = fieldID, 2
		}
	case 'r':
		if len(line) >= 5 && string(line[:5]) == "retry" {
			f, value = fieldRetry, 5
		}
	}
	if value == len(line) || f == fieldUnknown {
		return f, value
	}
	if line[value] != ':' {
		return fieldUnknown, 0
	}
	value++
	if value < len(line) && line[value] == ' ' {
		value++
	}
	return f, value
}

// interpret interprets lines up to the end of what was read, and returns true at
// the first that completes an event.
//
// It is the decoder's inner loop, which BenchmarkScan guards. Lines of the usual
// form are dealt with here, all others in interpretLine.
func (d *Decoder) interpret() bool {
	t := &d.text
	d.skipPairedLF()
	buf := t.buf[:t.end]
	for {
		start := t.line
		if start < len(buf) && buf[start] == '\n' && !d.skipping {
			t.line++
			if d.dispatch() {
				return true
			}
			continue
		}
		if t.lf < start {
			t.lf = t.find('\n', start)
		}
		end := t.lf
		if t.cr < end {
			end = d.endAtCR()
		} else if end == len(buf) {
			return false
		} else {
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

// interpretLine interprets one line and returns true if it completes an event.
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
	if f == fieldUnknown || f == fieldComment && !d.comments {
		return false
	}
	if d.checked && d.tooLarge(f, len(line)-n) {
		d.text.line = start
		d.err = &SizeError{Limit: d.limit, Offset: d.text.lineOffset(), Field: f.String()}
		return false
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
			d.block.retry, d.block.hasRetry = t, true
		}
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

// addID interprets the value of an id line.
func (d *Decoder) addID(start, end int) {
	if bytes.IndexByte(d.text.buf[start:end], 0) < 0 {
		d.ids.propose(start, end)
	}
}

// addData interprets the value of a data line, which lies behind the data.
func (d *Decoder) addData(start, end int) {
	if d.block.hasData {
		d.joinData(start, end)
	} else {
		d.block.start, d.block.end, d.block.hasData = start, end, true
	}
}

// joinData moves the value of a data line that is not the block's first up behind
// the data before it.
func (d *Decoder) joinData(start, end int) {
	buf := d.text.buf
	d.block.typ.keep(buf)
	d.ids.pending().keep(buf)
	buf[d.block.end] = '\n'
	d.block.end += 1 + copy(buf[d.block.end+1:], buf[start:end])
}

// tooLarge reports whether the block exceeds the limit with a line of field f
// whose value has n bytes.
func (d *Decoder) tooLarge(f field, n int) bool {
	b := &d.block
	if f != fieldEvent {
		n += b.typ.len()
	}
	if f != fieldID {
		n += d.ids.pending().len()
	}
	if b.hasData {
		n += b.end - b.start
		if f == fieldData {
			n++
		}
	}
	return n > d.limit
}

// dispatch ends the block and reports whether it is an event: the standard's
// steps for a blank line. The block of an event stays for its view.
func (d *Decoder) dispatch() bool {
	d.ids.commit()
	switch b := &d.block; {
	case b.hasData:
		d.at = fieldData
	case b.hasRetry && d.retryEvents:
		d.at = fieldRetry
	default:
		b.reset()
		return false
	}
	return true
}

// leave ends the view of the event the decoder has stopped at.
func (d *Decoder) leave() {
	if d.at == fieldData || d.at == fieldRetry {
		d.block.reset()
	}
	d.at = fieldUnknown
}

// fill reads more of the stream, after what can be dropped of the line being
// read and what lies before it.
func (d *Decoder) fill() error {
	t := &d.text
	if err := d.checkPartial(); err != nil {
		return err
	}
	d.pack()
	switch most := d.limit + fastBuffer + minRoom; {
	case t.room() < minRoom:
		t.grow(most)
	case t.full && len(t.buf) < fastBuffer:
		t.grow(min(fastBuffer, most))
	}
	// Data, type and ID were all in the buffer at some time.
	d.checked = d.limit < 3*len(t.buf)
	return t.read()
}

// checkPartial looks at the line being read, of which the end is not there yet:
// it is dropped if it is of no interest, and refused if it is already too large.
func (d *Decoder) checkPartial() error {
	t := &d.text
	if t.line == t.end {
		return nil
	}
	if !d.skipping {
		line := t.buf[t.line:t.end]
		f, n := parse(line)
		switch {
		case f == fieldUnknown && len(line) > longestName, f == fieldComment && !d.comments:
			d.skipping = true
		case f != fieldUnknown && n < len(line) && d.tooLarge(f, len(line)-n):
			return &SizeError{Limit: d.limit, Offset: t.lineOffset(), Field: f.String()}
		}
	}
	if d.skipping {
		t.line = t.end
	}
	return nil
}

// pack moves the data and the line being read to the beginning of the buffer, if
// that is little work for what it frees or there is no other room. A byte is left
// between them for the LF that may join them.
func (d *Decoder) pack() {
	t, b := &d.text, &d.block
	to, held := 0, t.raw-t.line
	if b.hasData {
		to = b.end - b.start + 1
		held += to
	}
	if freed := t.line - to; freed == 0 || freed < held && t.room() >= minRoom {
		return
	}
	b.typ.keep(t.buf)
	d.ids.now().keep(t.buf)
	d.ids.pending().keep(t.buf)
	if b.hasData {
		b.end = copy(t.buf, t.buf[b.start:b.end])
		b.start = 0
	}
	t.move(to)
}
