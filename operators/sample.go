package operators

import (
	"time"

	"github.com/rxsse/rxsse"
)

// Sample looks at src every d, counted from the subscription, and delivers the
// newest item if there has been one since it looked last.
//
//	src:        -ab-----c----d|
//	Sample(3):  ---b-----c----(d|)
//
// When src completes the pending item is delivered at once. When src fails, or on
// cancel, the pending item is dropped; one that is due already when the error
// comes is delivered before it. An item that comes at the very instant of a look
// is left for the next. A d that is not positive panics.
//
// It runs src on a goroutine of its own, never makes it wait, and holds two items:
// the pending one and, while the consumer is busy, the newest. It sets no timer
// while it holds none.
func Sample[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Sample: src", src == nil)
	mustBePositive("Sample: d", d)
	return deliverLatest(src, 1, func() schedule {
		start := time.Now()
		return func(now, due, _ time.Time) time.Time {
			if due.IsZero() {
				return now.Add(d - now.Sub(start)%d)
			}
			return due
		}
	})
}
