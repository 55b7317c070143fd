package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
)

// windowCount groups each n items of src: the plain case, at half the price of the
// general one. It reads the clock when a window opens and when it closes only.
func windowCount[T any](src rxsse.Observable[T], n int) rxsse.Observable[Windowed[T]] {
	return func(ctx context.Context) iter.Seq2[Windowed[T], error] {
		return func(yield func(Windowed[T], error) bool) {
			var w Windowed[T]
			wanted := true // the consumer has not left
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					if len(w.Items) > 0 && ctx.Err() == nil {
						w.End = time.Now().Round(0)
						wanted = yield(w, nil)
					}
					if wanted {
						wanted = false
						yield(Windowed[T]{}, err)
					}
					return false
				}
				if len(w.Items) == 0 {
					w.Start = time.Now().Round(0)
					w.Items = make([]T, 0, min(n, maxPresized))
				}
				w.Items = append(w.Items, v)
				if len(w.Items) < n {
					return true
				}
				w.End = time.Now().Round(0)
				full := w
				w = Windowed[T]{}
				wanted = yield(full, nil)
				return wanted
			})
			if wanted && len(w.Items) > 0 {
				w.End = time.Now().Round(0)
				yield(w, nil)
			}
		}
	}
}
