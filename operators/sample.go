package operators

import (
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Sample delivers the newest item of src every d, counted from the subscription. If there
// was no item since the last time, it delivers nothing.
//
//	src:        -ab-----c----d|
//	Sample(3):  ---b-----c----(d|)
//
// Sample treats the pending item as [Debounce] does: on completion, error and cancel, when
// it is due, and while the consumer is busy. Sample panics if d is not positive.
func Sample[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Sample: src", src == nil)
	argument.MustBePositive("operators: Sample: d", d)
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
