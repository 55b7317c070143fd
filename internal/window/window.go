package window

import "github.com/go-json-experiment/json/jsontext"

// Windows assign items to windows and deliver the windows that close. Methods get the index
// of an item in the [Batch]. Those that return a bool report false when the consumer has
// left; the caller then calls none of them again.
type Windows interface {
	// Add adds the items with the indexes from <= i < to, which arrived together at an
	// instant. The caller has called Advance with that instant.
	Add(at Instant, from, to int) bool
	// Advance moves time to an instant, and delivers the windows that end by then.
	Advance(to Instant) bool
	// Next returns when Advance has something to do, or Never.
	Next() Instant
	// Early delivers the open windows that have changed since the last delivery.
	Early() bool
	// Flush delivers the open windows at the end of the stream, as partial results.
	Flush() bool

	// Save returns what is held, as JSON, without windows that need not be delivered again.
	Save() (jsontext.Value, error)
	// Load makes new Windows, without items, hold what Save returned.
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

// A change is the set of deliveries that have yet to contain the newest items of a window.
type change uint8

const (
	unsent change = 1 << iota // no result contains them
	due                       // no result of a closed window contains them
)
