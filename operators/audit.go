package operators

import (
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Audit waits for d after an item of src and then delivers the newest item; the next item
// begins another wait. It delivers at most one item every d, and delays none by more than
// d.
//
//	src:       -ab-c------d----e|
//	Audit(3):  ----b--c------d--(e|)
//
// Audit treats the pending item as [Debounce] does: on completion, error and cancel, when
// it is due, and while the consumer is busy. Audit panics if d is not positive.
func Audit[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Audit: src", src == nil)
	argument.MustBePositive("operators: Audit: d", d)
	return deliverLatest(src, 1, func() schedule {
		return func(now, due, _ time.Time) time.Time {
			if due.IsZero() {
				return now.Add(d)
			}
			return due
		}
	})
}
