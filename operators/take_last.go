package operators

import (
	"context"
	"fmt"
	"iter"

	"github.com/rxsse/rxsse"
)

// TakeLast delivers the last n items of src, all of them if there are fewer, when
// src completes. A negative n panics.
//
//	src:          --1--2--3--|
//	TakeLast(2):  -----------(23|)
//
// On error and cancel it ends as src does, and delivers nothing. It runs on the
// consumer's goroutine and holds n items.
func TakeLast[T any](src rxsse.Observable[T], n int) rxsse.Observable[T] {
	if n < 0 {
		panic(fmt.Sprintf("operators: TakeLast: n must not be negative, got %d", n))
	}
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var (
				ring   []T // the newest n items
				oldest int // index of the oldest, once the ring is full
				failed bool
			)
			src(ctx)(func(v T, err error) bool {
				switch {
				case err != nil:
					failed = true
					yield(v, err)
					return false
				case len(ring) < n:
					ring = append(ring, v)
				case n > 0:
					ring[oldest] = v
					oldest = (oldest + 1) % n
				}
				return true
			})
			if failed {
				return
			}
			for i := range ring {
				if err := ctx.Err(); err != nil {
					var zero T
					yield(zero, context.Cause(ctx))
					return
				}
				if !yield(ring[(oldest+i)%len(ring)], nil) {
					return
				}
			}
		}
	}
}
