package codec

import (
	"bytes"
	"slices"
)

// interpret processes the lines that have been read, as WHATWG HTML §9.2.6 says under
// "interpreting an event stream". It returns true at the first line that completes an
// event or exceeds the limit, and false when it needs more of the stream. It is the
// decoder's inner loop; BenchmarkScan measures it.
func (d *Decoder) interpret() bool {
	for {
		if d.buffer.skipBlankLine() {
			if d.dispatch() {
				return true
			}
			continue
		}
		start, end, ok := d.buffer.nextLine()
		if !ok {
			return false
		}
		if start == end {
			if d.dispatch() {
				return true
			}
			continue
		}
		line := d.buffer.bytes[start:end]
		f, n := usualField(line)
		if f == fieldUnknown {
			f, n = parseLine(line)
		}
		if d.nearLimit && d.exceedsLimit(f, len(line)-n) {
			d.err = &SizeError{Limit: d.limit, Offset: d.buffer.offsetOf(start), Field: f.String()}
			return true
		}
		switch value := start + n; f {
		case fieldData:
			d.block.addData(d.buffer.bytes, value, end)
		case fieldEvent:
			d.block.typ.set(value, end)
		case fieldID:
			if bytes.IndexByte(line[n:], 0) < 0 {
				d.block.id.setPending(value, end)
			}
		case fieldRetry:
			if t, ok := parseRetry(line[n:]); ok {
				d.retry, d.hasRetry = t, true
				d.block.setRetry(t)
			}
		case fieldComment:
			if d.comments {
				d.comment.set(value, end)
				d.at = fieldComment
				return true
			}
		case fieldUnknown: // the standard ignores it
		}
	}
}

// dispatch ends the block and reports whether it is an event: the standard's steps for a
// blank line. The block of an event stays for its view.
func (d *Decoder) dispatch() bool {
	b := &d.block
	b.id.commit()
	switch {
	case b.hasData && (len(d.wanted) == 0 || d.wants(d.eventType())):
		d.at = fieldData
	case b.hasRetry && !b.hasData && d.retryEvents:
		d.at = fieldRetry
	default:
		b.reset()
		return false
	}
	return true
}

// eventType returns the type of the message in the block.
func (d *Decoder) eventType() []byte {
	if d.block.typ.len() == 0 {
		return d.defaultType[:]
	}
	return d.block.typ.bytes(d.buffer.bytes)
}

// wants reports whether messages of type typ are wanted.
func (d *Decoder) wants(typ []byte) bool {
	return slices.ContainsFunc(d.wanted, func(w string) bool { return w == string(typ) })
}

// leave ends the view of the event that the decoder has stopped at.
func (d *Decoder) leave() {
	if d.at == fieldData || d.at == fieldRetry {
		d.block.reset()
	}
	d.at = fieldUnknown
}

// fill reads more of the stream. First it drops or refuses the partial line if its
// beginning suffices to decide that, and moves what is still needed to the beginning of the
// buffer. Each byte moves there at most once, so this costs no more than reading it.
func (d *Decoder) fill() error {
	if err := d.checkPartialLine(); err != nil {
		return err
	}
	d.buffer.compact(d.block.compact(d.buffer.bytes))
	d.buffer.grow(d.limit)
	// Everything counted was once in the buffer, so below an eighth of the limit the check
	// can be skipped.
	size := len(d.buffer.bytes)
	d.nearLimit = d.limit < 8*size || d.block.id.now().len() > size
	return d.buffer.read()
}

// checkPartialLine drops a line that will be ignored, and returns a SizeError for one that
// is too large.
func (d *Decoder) checkPartialLine() error {
	line := d.buffer.partialLine()
	if len(line) == 0 {
		return nil
	}
	switch f, n := parseLine(line); {
	case f == fieldUnknown && len(line) > longestName, f == fieldComment && !d.comments:
		d.buffer.dropLine()
	case n < len(line) && d.exceedsLimit(f, len(line)-n):
		return &SizeError{Limit: d.limit, Offset: d.buffer.offsetOf(d.buffer.line), Field: f.String()}
	}
	return nil
}
