package window

import "github.com/go-json-experiment/json/jsontext"

// Windows assign items to windows and deliver the windows that close. An item is named by
// its index in the [Batch]. Methods that return a bool report false when the consumer has
// left; then no other is called.
type Windows interface {
	// Add adds the items from one index to before another, which arrived together at an
	// instant. The caller has called Advance with the same instant.
	Add(at Instant, from, to int) bool
	// Advance delivers the windows that end at or before an instant.
	Advance(to Instant) bool
	// Next returns when Advance has something to do, or Never.
	Next() Instant
	// Early delivers the open windows that have changed since the last delivery.
	Early() bool
	// Flush delivers the open windows at the end of the stream, as partial results.
	Flush() bool

	// Save returns what is held, as JSON. Windows that were delivered are not in it.
	Save() (jsontext.Value, error)
	// Load makes new Windows hold what Save returned.
	Load(saved jsontext.Value) error
}

// A Batch is the items that are being added.
type Batch[T any] struct{ Items []T }

// An Info says which window a result is of.
type Info struct {
	Start, End Instant
	ResumeID   string // see codec.Resumable
	Partial    bool   // the stream ended before the window
	Early      bool   // the window is still open
}

// A change says which deliveries have yet to contain the newest items of a window.
type change uint8

const (
	unsent change = 1 << iota // no result has them
	due                       // no result of a closed window has them
)
