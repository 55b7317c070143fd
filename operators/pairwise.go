package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Pairwise delivers each item of src but the first together with the one before
// it: [previous, current].
//
//	src:       --1----2------3---|
//	Pairwise:  -------[1 2]--[2 3]|
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine and holds one item.
func Pairwise[T any](src rxsse.Observable[T]) rxsse.Observable[[2]T] {
	mustNotBeNil("Pairwise: src", src == nil)
	return func(ctx context.Context) iter.Seq2[[2]T, error] {
		return func(yield func([2]T, error) bool) {
			var pair [2]T
			first := true
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					yield([2]T{}, err)
					return false
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
