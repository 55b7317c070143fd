package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Pairwise delivers each item of src except the first together with the item before it, as
// [previous, current].
//
//	src:       --1----2------3---|
//	Pairwise:  -------[1 2]--[2 3]|
//
// Synchronous. It ends as src does, and holds one item.
func Pairwise[T any](src rxsse.Observable[T]) rxsse.Observable[[2]T] {
	mustNotBeNil("Pairwise: src", src == nil)
	return func(ctx context.Context) iter.Seq2[[2]T, error] {
		return func(yield func([2]T, error) bool) {
			var pair [2]T
			first := true
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				pair[0], pair[1] = pair[1], v
				if first {
					first = false
					return true
				}
				return yield(pair, nil)
			})
		}
	}
}
