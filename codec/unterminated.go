package codec

import (
	"errors"
	"strings"
)

// Unterminated returns the last event of a stream that ended without a blank line after it:
// the event that Next would have returned if a line end and a blank line had followed. ok
// is false if there is no such event or the stream has not ended.
//
// The standard drops such an event because it may have been cut off (WHATWG HTML §9.2.6).
// So does the decoder, and [Decoder.LastEventID] does not change. But some servers never
// send a blank line after the last event; for these, call Unterminated.
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
// with a copy of the decoder, which shares the buffer. d needs nothing from the buffer any
// more: fill has copied the last event ID.
func (d *Decoder) flush() (e Event, ok bool) {
	if tooLarge := (*SizeError)(nil); errors.As(d.err, &tooLarge) {
		return Event{}, false
	}
	c := *d
	c.err, c.comments, c.retryEvents = nil, false, false
	c.buffer.r, c.buffer.readErr = strings.NewReader("\n\n"), nil
	if !c.Scan() {
		return Event{}, false
	}
	c.toEvent(&e)
	return e, true
}
