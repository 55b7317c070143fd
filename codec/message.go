package codec

// A Message is a decoded payload with the type and ID of its event. Programs that save
// their position in the stream, or forward the events, decode into a Message:
//
//	trades := operators.DecodeJSON[codec.Message[Trade]](events)
type Message[T any] struct {
	// Type and ID are those of the event.
	Type string `json:"type,omitzero"`
	ID   string `json:"id,omitzero"`
	// Value is the decoded payload.
	Value T `json:"value"`
	// Unordered is as in [Event].
	Unordered bool `json:"-"`
	// More is set on all but the last of several messages made from one event.
	// operators.FlatMapValue sets it, and sink.Transact keeps these messages together.
	More bool `json:"-"`
}

// Resumable is implemented by items that know their position in a stream, such as events,
// messages and results of windows.
//
// ResumeID returns the ID to send as Last-Event-ID once this item and all items before it
// are processed: a stream that resumes after that ID misses nothing. It returns "" if the
// position is unknown. If one event becomes several items, only the last of them may return
// the event's ID. To keep them in one transaction of sink.Transact, give the type a method
// HasMore that returns true for all but the last, as [Message.HasMore] does.
//
// Operators that change the order of items, such as Merge and MergeMap, cannot know a safe
// position. They call the item's method ClearResumeID, after which ResumeID must return "".
// Your own types need that method, with a pointer receiver, only to pass through such an
// operator.
type Resumable interface {
	ResumeID() string
}

// ResumeID returns ID, or "" if the event is Unordered. See [Resumable].
func (e Event) ResumeID() string {
	if e.Unordered {
		return ""
	}
	return e.ID
}

// ClearResumeID sets Unordered, so that ResumeID returns "". ID does not change.
func (e *Event) ClearResumeID() { e.Unordered = true }

// ResumeID returns ID, or "" if the message is Unordered. See [Resumable].
func (m Message[T]) ResumeID() string {
	if m.Unordered {
		return ""
	}
	return m.ID
}

// ClearResumeID sets Unordered, so that ResumeID returns "". ID does not change.
func (m *Message[T]) ClearResumeID() { m.Unordered = true }

// HasMore returns More, or false if the message is Unordered.
func (m Message[T]) HasMore() bool { return m.More && !m.Unordered }

// Keep returns the [Payload] that decodes with p and keeps the event's type and ID.
// [JSON] and [Unmarshal] need no Keep: they decode into a Message directly.
func Keep[T any](p Payload[T]) Payload[Message[T]] {
	return func(e Event) (Message[T], error) {
		v, err := p(e)
		if err != nil {
			return Message[T]{}, err
		}
		return Message[T]{Type: e.Type, ID: e.ID, Value: v, Unordered: e.Unordered}, nil
	}
}

// fillFrom copies everything but the payload from e and returns where the payload goes.
func (m *Message[T]) fillFrom(e Event) (payload any) {
	m.Type, m.ID, m.Unordered = e.Type, e.ID, e.Unordered
	return &m.Value
}

// envelope is implemented by *Message[T] for every T.
type envelope interface {
	fillFrom(e Event) (payload any)
}
