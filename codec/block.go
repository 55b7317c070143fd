package codec

import "time"

// A block holds what the lines since the last blank line have set: the standard's data
// buffer, event type buffer and last event ID buffer, and the reconnection time. Its data
// is part of the decoder's buffer: a single data line stays where it was read, and each
// further line is moved to the end of the data before it.
type block struct {
	start, end int // of the data in the buffer
	hasData    bool
	hasRetry   bool
	retry      time.Duration
	typ        span
	id         lastID
}

// reset begins the next block. The last event ID stays.
func (b *block) reset() {
	b.start, b.end, b.hasData = 0, 0, false
	b.retry, b.hasRetry = 0, false
	b.typ.set(0, 0)
}

// addData appends the value of a data line, buf[start:end], which lies after the data.
func (b *block) addData(buf []byte, start, end int) {
	if b.hasData {
		b.joinData(buf, start, end)
	} else {
		b.start, b.end, b.hasData = start, end, true
	}
}

func (b *block) joinData(buf []byte, start, end int) {
	b.typ.keep(buf) // it may lie between the data and the new value
	b.id.pending().keep(buf)
	buf[b.end] = '\n'
	b.end += 1 + copy(buf[b.end+1:], buf[start:end])
}

// setRetry sets the reconnection time.
func (b *block) setRetry(d time.Duration) {
	b.retry, b.hasRetry = max(d, RetryZero), true
}

// compact moves the data to the beginning of buf and copies everything else that the block
// has in buf. It returns where the next line can begin: one byte is left for the LF that
// may join it to the data.
func (b *block) compact(buf []byte) (next int) {
	b.typ.keep(buf)
	b.id.now().keep(buf)
	b.id.pending().keep(buf)
	if !b.hasData {
		return 0
	}
	b.start, b.end = 0, copy(buf, buf[b.start:b.end])
	return b.end + 1
}

// size returns the size of the block, as [WithMaxEventSize] counts it, with another line of
// field f whose value has n bytes.
func (b *block) size(f field, n int) int {
	held := b.id.now().len() // by the decoder, outside the buffer
	if f != fieldEvent {
		held += b.typ.len()
	}
	if f != fieldID {
		held += b.id.pending().len()
	}
	if f == fieldEvent || f == fieldID {
		held += n
		n = 0
	}
	if b.hasData {
		n += b.end - b.start
		if f == fieldData {
			n++ // for the LF between
		}
	}
	return n + 2*held
}
