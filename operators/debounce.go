package operators

import (
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Debounce delivers an item of src once d has passed without a newer one. An item followed
// by a newer one sooner than that is dropped.
//
//	src:          -a-b-----c-d------e|
//	Debounce(3):  ------b-------d----(e|)
//
// While items keep arriving faster than d, it delivers none; see [DebounceMax].
//
// On completion it delivers the pending item at once. On error and cancel it drops the
// pending item, unless it is already due when the error arrives. An item that arrives
// exactly when the pending one is due does not replace it. Debounce panics if d is not
// positive.
//
// Asynchronous. It never makes src wait. It holds two items: the pending one and, while the
// consumer is busy, the newest, for which d begins when the consumer returns.
func Debounce[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Debounce: src", src == nil)
	argument.MustBePositive("operators: Debounce: d", d)
	return deliverLatest(src, 1, func() schedule {
		return func(now, _, _ time.Time) time.Time { return now.Add(d) }
	})
}

// DebounceMax is [Debounce] with a maximum wait: it delivers the newest item after d
// without a newer one, and at the latest maxWait after the first item held back since the
// last delivery. From a steady stream it delivers an item every maxWait, where Debounce
// delivers none.
//
//	src:                -abcdefg----h--|
//	DebounceMax(3, 5):  ------e---g----(h|)
//
// It panics if d is not positive or maxWait is shorter than d. It corresponds to the
// maxWait option of lodash's debounce.
func DebounceMax[T any](src rxsse.Observable[T], d, maxWait time.Duration) rxsse.Observable[T] {
	mustNotBeNil("DebounceMax: src", src == nil)
	argument.MustBePositive("operators: DebounceMax: d", d)
	if maxWait < d {
		panic("operators: DebounceMax: maxWait must be at least d")
	}
	return deliverLatest(src, 1, func() schedule {
		var latest time.Time // when the pending item is due at the latest
		return func(now, due, _ time.Time) time.Time {
			if due.IsZero() {
				latest = now.Add(maxWait)
			}
			if due = now.Add(d); due.After(latest) {
				return latest
			}
			return due
		}
	})
}
