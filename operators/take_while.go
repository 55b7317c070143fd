package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// TakeWhile delivers the items of src while keep returns true, and completes at the first
// item for which it returns false. That item is not delivered, and src is released. If a
// stream without such an item is an error, use [CompleteAt].
//
//	src:             --1--2--3--1--|
//	TakeWhile(< 3):  --1--2--|
//
// Synchronous. If src ends first, TakeWhile ends as src does.
func TakeWhile[T any](src rxsse.Observable[T], keep func(T) bool) rxsse.Observable[T] {
	mustNotBeNil("TakeWhile: src", src == nil)
	mustNotBeNil("TakeWhile: keep", keep == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				return keep(v) && yield(v, nil)
			})
		}
	}
}
