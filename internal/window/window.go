package window

import "github.com/go-json-experiment/json/jsontext"

// Windows assign items to windows and deliver the windows that close. Methods that
// return a bool report false when the consumer has left; then no other is called.
type Windows[T any] interface {
	// Add adds items that arrived together at an instant. The caller has called
	// Advance with the same instant.
	Add(at Instant, items []T) bool
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

// A Config is what all kinds of windows share.
type Config[T any, K comparable, A any] struct {
	Key         func(T) K // nil: all items have the same key
	Accumulator Accumulator[T, A]
	Send        func(Result[K, A]) bool // delivers, and reports whether to go on
	Positions   *Positions[T]           // nil: items have no position
}

// A Result is a window as it is delivered.
type Result[K comparable, A any] struct {
	Key        K
	Start, End Instant
	Value      A
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
