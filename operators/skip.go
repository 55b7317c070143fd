package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Skip drops the first n items of src and delivers the rest. Skip panics if n is negative.
//
//	src:      --1--2--3--4--|
//	Skip(2):  --------3--4--|
//
// Synchronous. It ends as src does.
func Skip[T any](src rxsse.Observable[T], n int) rxsse.Observable[T] {
	mustNotBeNil("Skip: src", src == nil)
	argument.MustNotBeNegative("operators: Skip: n", n)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			left := n
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				if left > 0 {
					left--
					return true
				}
				return yield(v, nil)
			})
		}
	}
}

// SkipWhile drops the items of src while skip returns true. It delivers the first
// item for which skip returns false and all items after that.
//
//	src:             --1--2--3--1--|
//	SkipWhile(< 3):  --------3--1--|
//
// Synchronous. It ends as src does.
func SkipWhile[T any](src rxsse.Observable[T], skip func(T) bool) rxsse.Observable[T] {
	mustNotBeNil("SkipWhile: src", src == nil)
	mustNotBeNil("SkipWhile: skip", skip == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			skipping := true
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				skipping = skipping && skip(v)
				return skipping || yield(v, nil)
			})
		}
	}
}
