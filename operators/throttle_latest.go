package operators

import (
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// ThrottleLatest delivers an item of src at once, and then, every d, the newest item if
// there is one: at most one item every d, including the first and the last of each burst.
// When d passes without an item, the next one is again delivered at once.
//
//	src:                -abc--------de---|
//	ThrottleLatest(4):  -a---c------d---e|
//
// ThrottleLatest treats the pending item as [Debounce] does: on completion, error and
// cancel, and when it is due. While the consumer is busy, it holds the next item and the
// newest in addition to the pending one. ThrottleLatest panics if d is not positive.
//
// RxJava calls it throttleLatest, RxJS throttleTime with leading and trailing.
func ThrottleLatest[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("ThrottleLatest: src", src == nil)
	argument.MustBePositive("operators: ThrottleLatest: d", d)
	return deliverLatest(src, 2, func() schedule {
		return func(now, due, delivered time.Time) time.Time {
			switch {
			case !due.IsZero():
				return due
			case delivered.IsZero():
				return now
			default:
				return delivered.Add(d) // now or earlier, after a silence
			}
		}
	})
}
