package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Map delivers f(v) for each item v of src. For a function that can fail, use [TryMap].
//
//	src:          --1--2--3--|
//	Map(x * 10):  --10-20-30-|
//
// Synchronous. It ends as src does.
func Map[T, R any](src rxsse.Observable[T], f func(T) R) rxsse.Observable[R] {
	mustNotBeNil("Map: src", src == nil)
	mustNotBeNil("Map: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				return yield(f(v), nil)
			})
		}
	}
}
