package operators

import (
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Audit delivers the newest item of src at the end of a period of d. A period begins
// with the first item after the last period. So it delivers at most one item each d,
// and an item of src is never late by more than d.
//
//	src:       -ab-c------d----e|
//	Audit(3):  ----b--c------d--(e|)
//
// Audit treats the pending item as [Debounce] does: on completion, error and cancel, at
// the instant it is due, and while the consumer is busy. A d that is not positive
// panics.
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
