package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// TakeLast delivers the last n items of src, or all of them if there are fewer, when src
// completes. TakeLast panics if n is negative.
//
//	src:          --1--2--3--|
//	TakeLast(2):  -----------(23|)
//
// Synchronous. On error and cancel it delivers no item and ends as src does. It holds n
// items.
func TakeLast[T any](src rxsse.Observable[T], n int) rxsse.Observable[T] {
	mustNotBeNil("TakeLast: src", src == nil)
	argument.MustNotBeNegative("operators: TakeLast: n", n)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var last handoff.Ring[T]
			failed := false
			src(ctx)(func(v T, err error) bool {
				switch {
				case failed:
					return false
				case err != nil:
					failed = true
					return fail(yield, err)
				case n > 0:
					if last.Len() == n {
						last.Pop()
					}
					last.Push(v)
				}
				return true
			})
			if failed {
				return
			}
			for last.Len() > 0 && ctx.Err() == nil {
				if !yield(last.Pop(), nil) {
					return
				}
			}
			complete(ctx, yield)
		}
	}
}
