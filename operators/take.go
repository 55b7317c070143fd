package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Take delivers the first n items of src and completes with the n-th: it does not wait for
// another item, and releases src before it ends. If n is 0, it does not subscribe to src.
// Take panics if n is negative.
//
//	src:      --1--2--3--4--|
//	Take(2):  --1--(2|)
//
// Synchronous. If src ends before the n-th item, Take ends as src does.
func Take[T any](src rxsse.Observable[T], n int) rxsse.Observable[T] {
	mustNotBeNil("Take: src", src == nil)
	argument.MustNotBeNegative("operators: Take: n", n)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			left := n
			if left > 0 {
				src(ctx)(func(v T, err error) bool {
					if err != nil {
						return fail(yield, err)
					}
					if !yield(v, nil) {
						return false
					}
					left--
					return left > 0
				})
			}
			if left == 0 {
				complete(ctx, yield)
			}
		}
	}
}
