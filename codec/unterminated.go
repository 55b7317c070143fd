package codec

import (
	"errors"
	"strings"
)

// Unterminated returns the event at the end of the stream that has no blank line after it:
// the one that Next would have returned if the stream had gone on with a line end and a
// blank line. ok is false if there is none, or if the stream has not ended.
//
// The standard drops such an event, since it may have been cut off (WHATWG HTML §9.2.6),
// and so does the decoder: [Decoder.LastEventID] and [Decoder.Retry] stay as they are.
// Some servers end every stream this way, after the last field of the last event. Only the
// caller can know whether this is one of them.
func (d *Decoder) Unterminated() (e Event, ok bool) {
	if d.err == nil {
		return Event{}, false
	}
	if !d.flushed {
		d.flushed = true
		d.rest, d.hasRest = d.flush()
	}
	return d.rest, d.hasRest
}

// flush returns the event that a line end and a blank line would complete. It reads on
// with a copy of the decoder, which shares the buffer: d itself has ended, and needs from
// the buffer only the last event ID.
func (d *Decoder) flush() (e Event, ok bool) {
	if tooLarge := (*SizeError)(nil); errors.As(d.err, &tooLarge) {
		return Event{}, false
	}
	d.block.id.string(d.buffer.bytes) // kept as a string from here on
	c := *d
	c.err, c.comments, c.retryEvents = nil, false, false
	c.buffer.r, c.buffer.readErr = strings.NewReader("\n\n"), nil
	if !c.Scan() {
		return Event{}, false
	}
	c.toEvent(&e)
	return e, true
}
