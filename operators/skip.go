package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Skip passes over the first n items of src and delivers the rest. A negative n
// panics.
//
//	src:      --1--2--3--4--|
//	Skip(2):  --------3--4--|
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine and holds nothing.
func Skip[T any](src rxsse.Observable[T], n int) rxsse.Observable[T] {
	mustNotBeNil("Skip: src", src == nil)
	mustNotBeNegative("Skip: n", n)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			left := n
			src(ctx)(func(v T, err error) bool {
				if err == nil && left > 0 {
					left--
					return true
				}
				return yield(v, err) && err == nil
			})
		}
	}
}

// SkipWhile passes over items of src for as long as skip returns true, and
// delivers the first for which it does not, and all after it.
//
//	src:              --1--2--3--1--|
//	SkipWhile(< 3):   --------3--1--|
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine and holds nothing.
func SkipWhile[T any](src rxsse.Observable[T], skip func(T) bool) rxsse.Observable[T] {
	mustNotBeNil("SkipWhile: src", src == nil)
	mustNotBeNil("SkipWhile: skip", skip == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			skipping := true
			src(ctx)(func(v T, err error) bool {
				if err == nil && skipping {
					if skipping = skip(v); skipping {
						return true
					}
				}
				return yield(v, err) && err == nil
			})
		}
	}
}
