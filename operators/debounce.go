package operators

import (
	"time"

	"github.com/rxsse/rxsse"
)

// Debounce delivers an item of src once d has passed without a newer one, and
// drops the items that a newer one came too soon after.
//
//	src:          -a-b-----c-d------e|
//	Debounce(3):  ------b-------d----(e|)
//
// When src completes the pending item is delivered at once. When src fails, or on
// cancel, the pending item is dropped; one that is due already when the error
// comes is delivered before it. An item that comes at the very instant the
// pending one is due does not replace it. A d that is not positive panics.
//
// While the consumer is busy Debounce keeps the newest item only, for which d
// begins when the consumer returns. It runs src on a goroutine of its own, never
// makes it wait, and holds two items: the pending one and the newest.
func Debounce[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustBePositive("Debounce: d", d)
	return deliverLatest(src, func(due *alarm, now time.Time) { due.set(now, now.Add(d)) })
}
