package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
)

// windowCount folds each n items of src: the plain case, at half the price of the
// general one. It reads the clock when a window opens and when it closes only.
func windowCount[T, A, R any](src rxsse.Observable[T], n int, fold fold[T, A], result func(start, end time.Time, acc A) R) rxsse.Observable[R] {
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			var start time.Time
			var acc A
			held := 0
			deliver := func() bool {
				full := acc
				var none A
				acc, held = none, 0
				return yield(result(start, time.Now().Round(0), full), nil)
			}
			wanted := true // the consumer has not left
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					if held > 0 && ctx.Err() == nil {
						wanted = deliver()
					}
					if wanted {
						wanted = false
						var zero R
						yield(zero, err)
					}
					return false
				}
				if held == 0 {
					start = time.Now().Round(0)
					acc = fold.init()
				}
				acc = fold.add(acc, v)
				if held++; held == n {
					wanted = deliver()
				}
				return wanted
			})
			if wanted && held > 0 && deliver() {
				complete(ctx, yield)
			}
		}
	}
}
