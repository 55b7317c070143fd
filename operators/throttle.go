package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Throttle delivers an item of src and drops the items that follow within d.
//
//	src:          -ab-c------de---|
//	Throttle(3):  -a--c------d----|
//
// An item exactly d after the last one delivered is delivered. For the last item of each
// burst, see [Audit] and [Debounce]; for the first and the last, [ThrottleLatest]. Throttle
// panics if d is not positive.
//
// Synchronous: it reads the clock for each item and sets no timer. It ends as src does.
func Throttle[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Throttle: src", src == nil)
	argument.MustBePositive("operators: Throttle: d", d)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var open time.Time // when the next item is delivered
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
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
