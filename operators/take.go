package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Take delivers the first n items of src and completes with the n-th: it does
// not wait for another item, and src is released before Take ends. If n is 0 it
// completes without subscribing to src. A negative n panics.
//
//	src:      --1--2--3--4--|
//	Take(2):  --1--(2|)
//
// If src ends before the n-th item, on completion, error or cancel, so does
// Take. It runs on the consumer's goroutine and holds nothing.
func Take[T any](src rxsse.Observable[T], n int) rxsse.Observable[T] {
	mustNotBeNil("Take: src", src == nil)
	mustNotBeNegative("Take: n", n)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			if n == 0 {
				return
			}
			left := n
			src(ctx)(func(v T, err error) bool {
				if left <= 0 {
					return false
				}
				left--
				if !yield(v, err) || err != nil {
					left = -1 // the stream has ended
				}
				return left > 0
			})
			if left == 0 {
				complete(ctx, yield)
			}
		}
	}
}
