package codec

import "time"

// DefaultType is the type of an event that the stream gives no type.
const DefaultType = "message"

// An Event is a message, a comment, or a change of the reconnection time; [Event.Kind]
// returns which. It owns its strings, so it can be kept and shared.
//
// A decoded message always has a Type. Comments and changes of the reconnection time have
// none.
type Event struct { //nolint:recvcheck // ClearResumeID is its only setter
	// Type is the event's type. The decoder sets it to "message" if the stream gives none;
	// to the encoder, "" and "message" are the same.
	Type string `json:"type,omitzero"`
	// Data is the payload. Its lines are separated by LF.
	Data string `json:"data,omitzero"`
	// ID is the last event ID as of this event: a client that reconnects after it sends
	// this ID as Last-Event-ID. An event that has no ID in the stream gets that of the
	// previous event. A comment has no position, so its ID is empty.
	ID string `json:"id,omitzero"`
	// Retry is the reconnection time set in this event's block, in whole milliseconds: 0 if
	// the block sets none, and [RetryZero] if it sets 0. The JSON form of an event has no
	// Retry.
	Retry time.Duration `json:"-"`
	// Comment is the text of a comment line after its colon, including a leading space. An
	// event with a comment has no other fields.
	Comment string `json:"comment,omitzero"`
	// Unordered is set by operators that change the order of events, such as Merge.
	// [Event.ResumeID] then returns "". Decoders leave it false, encoders ignore it.
	Unordered bool `json:"-"`
}

// String returns the event in the wire format, as [AppendEvent] writes it. If the format
// cannot carry the event, String returns the reason in parentheses; the wire form of an
// event never begins with a parenthesis.
func (e Event) String() string {
	wire, err := AppendEvent(nil, e)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(wire)
}
