package codec

import "time"

// DefaultType is the type of an event whose block names none.
const DefaultType = "message"

// An Event is a message, a comment, or a change of the reconnection time; [Event.Kind]
// returns which. It owns its strings and may be kept and shared.
//
// A message that was decoded has a Type. Comments and changes of the reconnection time have
// none.
type Event struct { //nolint:recvcheck // ClearResumeID is its only setter
	// Type is the event's type. The decoder sets it to "message" if the stream names none;
	// to the encoder, "" and "message" are the same.
	Type string `json:"type,omitzero"`
	// Data is the payload. Its lines are separated by LF.
	Data string `json:"data,omitzero"`
	// ID is the last event ID as of this event: a client that has seen nothing after the
	// event sends it as Last-Event-ID. Events without an ID of their own have that of the
	// event before. It is empty in a comment, which has no position.
	ID string `json:"id,omitzero"`
	// Retry is the reconnection time set in this event's block, in whole milliseconds:
	// 0 if there was none, and [RetryZero] if it was set to 0.
	Retry time.Duration `json:"-"`
	// Comment is the text of a comment line after its colon, with a leading space if it
	// has one. An event with a comment has no other fields.
	Comment string `json:"comment,omitzero"`
	// Unordered is set by operators that change the order of events, such as Merge.
	// [Event.ResumeID] then returns "". Decoders leave it false, encoders ignore it.
	Unordered bool `json:"-"`
}

// String returns the event in the wire format, as [AppendEvent] writes it. If the format
// cannot carry the event, String returns the reason in parentheses; no event begins with
// one.
func (e Event) String() string {
	wire, err := AppendEvent(nil, e)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(wire)
}
