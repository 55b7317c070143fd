package operators

import (
	"time"

	"github.com/rxsse/rxsse"
)

// Audit waits for d after an item of src, delivers the newest item there is by
// then, and waits for the next item to begin again: at most one item each d, and
// the last of each run is never older than that.
//
//	src:       -ab-c------d----e|
//	Audit(3):  ----b--c------d--(e|)
//
// When src completes the pending item is delivered at once. When src fails, or on
// cancel, the pending item is dropped; one that is due already when the error
// comes is delivered before it. An item that comes at the very instant the pending
// one is due does not replace it. A d that is not positive panics.
//
// It runs src on a goroutine of its own, never makes it wait, and holds two items:
// the pending one and, while the consumer is busy, the newest.
func Audit[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Audit: src", src == nil)
	mustBePositive("Audit: d", d)
	return deliverLatest(src, 1, func() schedule {
		return func(now, due, _ time.Time) time.Time {
			if due.IsZero() {
				return now.Add(d)
			}
			return due
		}
	})
}
