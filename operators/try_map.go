package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// TryMap delivers f(v) for each item v of src, like [Map], until f returns an
// error: that ends the stream and releases src.
//
//	src:             --"1"--"2"--"x"--"4"--|
//	TryMap(ParseInt): --1----2----#
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine and holds nothing.
func TryMap[T, R any](src rxsse.Observable[T], f func(T) (R, error)) rxsse.Observable[R] {
	mustNotBeNil("TryMap: src", src == nil)
	mustNotBeNil("TryMap: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			src(ctx)(func(v T, err error) bool {
				var r R
				if err == nil {
					if r, err = f(v); err == nil {
						return yield(r, nil)
					}
					var zero R
					r = zero
				}
				yield(r, err)
				return false
			})
		}
	}
}
