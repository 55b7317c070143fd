package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// TakeWhile delivers the items of src for as long as keep returns true, and
// completes with the first for which it does not. That item is not delivered, and
// src is released.
//
//	src:              --1--2--3--1--|
//	TakeWhile(< 3):   --1--2--|
//
// If src ends before, on completion, error or cancel, so does TakeWhile. It runs
// on the consumer's goroutine and holds nothing.
func TakeWhile[T any](src rxsse.Observable[T], keep func(T) bool) rxsse.Observable[T] {
	mustNotBeNil("TakeWhile: src", src == nil)
	mustNotBeNil("TakeWhile: keep", keep == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					yield(v, err)
					return false
				}
				return keep(v) && yield(v, nil)
			})
		}
	}
}
