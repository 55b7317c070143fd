package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
)

// Throttle delivers an item of src and drops those that come within d after it.
//
//	src:          -ab-c------de---|
//	Throttle(3):  -a--c------d----|
//
// On completion, error and cancel it ends as src does. An item that comes exactly
// d after the one delivered last is delivered. To get the last item of each run
// rather than the first, see [Audit] and [Debounce]. A d that is not positive
// panics.
//
// It runs on the consumer's goroutine, reads the clock for each item, sets no
// timer, and holds nothing.
func Throttle[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Throttle: src", src == nil)
	mustBePositive("Throttle: d", d)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var open time.Time // when the next item is delivered
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					yield(v, err)
					return false
				}
				now := time.Now()
				if now.Before(open) {
					return true
				}
				open = now.Add(d)
				return yield(v, nil)
			})
		}
	}
}
