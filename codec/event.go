package codec

import "time"

// DefaultType is the type of an event whose block names none.
const DefaultType = "message"

// An Event is one thing a decoder delivers and an encoder writes: a message, or,
// where they were asked for, a comment or a change of the reconnection time. It
// owns its strings and may be kept and shared.
//
// A message that was decoded has a Type. Comments and changes of the
// reconnection time have none.
type Event struct { //nolint:recvcheck // ClearResumeID is its only setter
	// Type is the event's type. The decoder sets it to "message" where the stream
	// names none; the encoder takes "" and "message" for the same.
	Type string `json:"type,omitzero"`
	// Data is the payload. Its lines are separated by LF.
	Data string `json:"data,omitzero"`
	// ID is the last event ID as of this event: what a client that saw nothing
	// after it would send as Last-Event-ID. It stays from one event to the next
	// until the stream sets another, and is empty in a comment, which has no
	// position of its own.
	ID string `json:"id,omitzero"`
	// Retry is the reconnection time set in this event's block, in whole milliseconds:
	// 0 if there was none, and [RetryZero] if it was set to 0.
	Retry time.Duration `json:"-"`
	// Comment is the text of a comment line after its colon, with any leading
	// space. An event has either a comment or something else, never both.
	Comment string `json:"comment,omitzero"`
	// Unordered is set by operators that deliver events in another order than the
	// stream's, such as Merge. [Event.ResumeID] then returns "". Decoders leave it
	// false, encoders ignore it.
	Unordered bool `json:"-"`
}

// String returns the event as it is written to a stream, by [AppendEvent]. For
// an event that the format cannot carry it returns the reason in parentheses,
// which is not the beginning of any event.
func (e Event) String() string {
	wire, err := AppendEvent(nil, e)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(wire)
}
