package window

import "github.com/go-json-experiment/json/jsontext"

// Windows assign items to windows and deliver the windows that close. Items are indexes into
// the [Batch]. Methods that return a bool return false when the consumer has left; the caller
// then calls no method again.
type Windows interface {
	// Add adds the items from <= i < to, which arrived together at an instant. The caller
	// has called Advance with that instant.
	Add(at Instant, from, to int) bool
	// Advance moves time to an instant, and delivers the windows that end by then.
	Advance(to Instant) bool
	// Next returns when Advance has something to do, or Never.
	Next() Instant
	// Early delivers the open windows that have changed since the last delivery.
	Early() bool
	// Flush delivers the open windows at the end of the stream, as partial results.
	Flush() bool

	// Save returns the content as JSON, without windows that need not be delivered again.
	Save() (jsontext.Value, error)
	// Load restores what Save returned into new Windows without items.
	Load(saved jsontext.Value) error
}

// A Batch holds the items that are being added.
type Batch[T any] struct{ Items []T }

// An Info describes the window of a result.
type Info struct {
	Start, End Instant
	ResumeID   string // see codec.Resumable
	Partial    bool   // the stream ended before the window
	Early      bool   // the window is still open
}

// A change is the set of deliveries that do not contain the newest items of a window yet.
type change uint8

const (
	unsent change = 1 << iota // no result contains them
	due                       // no result of a closed window contains them
)
