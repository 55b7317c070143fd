package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
)

// A Timestamped is an item and when it came.
type Timestamped[T any] struct {
	Time  time.Time
	Value T
}

// Timestamp delivers each item of src with the time at which it came.
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine, reads the clock for each item, and holds nothing.
func Timestamp[T any](src rxsse.Observable[T]) rxsse.Observable[Timestamped[T]] {
	mustNotBeNil("Timestamp: src", src == nil)
	return Map(src, func(v T) Timestamped[T] { return Timestamped[T]{time.Now(), v} })
}

// A Timed is an item and how long it was in coming.
type Timed[T any] struct {
	Interval time.Duration
	Value    T
}

// TimeInterval delivers each item of src with the time since the one before it,
// for the first one since the subscription.
//
//	src:           ---a--b-----c|
//	TimeInterval:  ---a3-b2----c5|
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine, reads the clock for each item, and holds nothing.
func TimeInterval[T any](src rxsse.Observable[T]) rxsse.Observable[Timed[T]] {
	mustNotBeNil("TimeInterval: src", src == nil)
	return func(ctx context.Context) iter.Seq2[Timed[T], error] {
		return func(yield func(Timed[T], error) bool) {
			last := time.Now()
			Map(src, func(v T) Timed[T] {
				now := time.Now()
				interval := now.Sub(last)
				last = now
				return Timed[T]{interval, v}
			})(ctx)(yield)
		}
	}
}
