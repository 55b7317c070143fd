package operators

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
)

// A Windowed is one closed window of a stream: its bounds, and its items in the
// order in which they came. The items belong to the receiver.
type Windowed[T any] struct {
	// Start and End bound the window. For windows over time they are the window's
	// own bounds, [Start, End): an item at End belongs to the next one. For windows
	// over a count they are when the first item came and when the window closed.
	Start, End time.Time
	Items      []T
}

// An Assigner says which window an item belongs to: [Tumbling] or [Count].
type Assigner struct {
	size  time.Duration
	count int
}

// Tumbling assigns items to windows of a fixed length that follow each other
// without overlap, by the time at which the operator takes the item (processing
// time). Windows are aligned to the Unix epoch: with a size of a minute they
// begin with the minute of the clock. A size that is not positive panics.
//
// The clock is read once and then followed monotonically, so windows keep their
// length when it is set while a subscription runs.
func Tumbling(size time.Duration) Assigner {
	mustBePositive("Tumbling: size", size)
	return Assigner{size: size}
}

// Count assigns every n consecutive items to a window. An n that is not positive
// panics.
func Count(n int) Assigner {
	if n <= 0 {
		panic(fmt.Sprintf("operators: Count: n must be positive, got %d", n))
	}
	return Assigner{count: n}
}

// Window groups the items of src into the windows that a assigns them to, and
// delivers each window when it closes. Windows without items are not delivered.
//
//	src:                  -1-2----3--------4--|
//	Window(Tumbling(5)):  -----[1 2]--[3]-----[4]|
//	Window(Count(2)):     ---[1 2]---------[3 4]|
//
// The last window, though it is not over or not full, is delivered when src
// completes, and when src fails, before the error. On cancel it is dropped.
//
// A window is held until it closes, whatever number of items that is. Over a
// count, Window runs on the consumer's goroutine. Over time it runs src on a
// goroutine of its own and takes its items through a queue of at most 256; while
// that is full src waits, so that items are assigned to the window in which the
// consumer gets round to them. It sets one timer a window and none while it holds
// no item.
//
// The zero Assigner panics.
func Window[T any](src rxsse.Observable[T], a Assigner) rxsse.Observable[Windowed[T]] {
	if a == (Assigner{}) {
		panic("operators: Window: the zero Assigner assigns nothing: use Tumbling or Count")
	}
	return func(ctx context.Context) iter.Seq2[Windowed[T], error] {
		if a.count > 0 {
			return windowCount(ctx, src, a.count)
		}
		return windowTime(ctx, src, a.size)
	}
}
