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
