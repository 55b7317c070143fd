package codec

import "time"

// A Kind is what an [Event] is: a message, a comment, or a change of the reconnection time.
type Kind int

const (
	// KindMessage is an event with a payload.
	KindMessage Kind = iota + 1
	// KindComment is a comment, such as a heartbeat.
	KindComment
	// KindRetry is a change of the reconnection time without a message. Events that only
	// set the last event ID, which an encoder writes, are of this kind too.
	KindRetry
)

// String returns "message", "comment" or "retry".
func (k Kind) String() string {
	switch k {
	case KindMessage:
		return "message"
	case KindComment:
		return "comment"
	case KindRetry:
		return "retry"
	}
	return "unknown"
}

// RetryZero is the Retry of an event that sets the reconnection time to 0. It distinguishes
// that event from one that sets no time. The format counts in milliseconds, so no other
// event has this value.
const RetryZero time.Duration = 1

// Kind returns what e is: a message if it has a Type or Data, otherwise KindRetry if it has
// a Retry or an ID, and otherwise a comment. The zero Event is an empty comment.
func (e Event) Kind() Kind {
	switch {
	case e.Type != "" || e.Data != "":
		return KindMessage
	case e.Retry != 0 || e.ID != "":
		return KindRetry
	}
	return KindComment
}
