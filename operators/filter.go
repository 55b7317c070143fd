package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Filter delivers the items of src for which keep returns true.
//
//	src:           --1--2--3--4--|
//	Filter(even):  -----2-----4--|
//
// Synchronous. It ends as src does.
func Filter[T any](src rxsse.Observable[T], keep func(T) bool) rxsse.Observable[T] {
	mustNotBeNil("Filter: src", src == nil)
	mustNotBeNil("Filter: keep", keep == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				return !keep(v) || yield(v, nil)
			})
		}
	}
}
