package operators

import (
	"context"
	"iter"
	"slices"

	"github.com/rxsse/rxsse"
)

// CombineLatestAll is [CombineLatest] for any number of streams of one type: once each
// of srcs has delivered an item, it delivers their newest items, in the order of srcs,
// whenever one of them delivers one. Each slice is new and the consumer's to keep.
//
//	a:                       -1------2---|
//	b:                       ---x--y---|
//	c:                       --p-----------|
//	CombineLatestAll(a,b,c): ---[1xp]--[1yp]-[2yp]---|
//
// It completes when all of srcs have, at once if there are none, and as soon as one
// completes that has never delivered an item. When one fails, it cancels the others and
// delivers the error after the items that came before. On cancel it ends with the
// cause. Asynchronous.
//
// In RxJS it is combineLatest of an array, in Kotlin Flow combine of many flows.
func CombineLatestAll[T any](srcs ...rxsse.Observable[T]) rxsse.Observable[[]T] {
	mustNotHoldNil("CombineLatestAll: srcs", srcs)
	tagged := make([]rxsse.Observable[indexed[T]], len(srcs))
	for i, src := range srcs {
		tagged[i] = withIndex(src, i)
	}
	return func(ctx context.Context) iter.Seq2[[]T, error] {
		return func(yield func([]T, error) bool) {
			newest := make([]T, len(tagged))
			has := make([]bool, len(tagged))
			missing := len(tagged) // how many have not delivered an item
			left := false
			Merge(tagged...)(ctx)(func(v indexed[T], err error) bool {
				switch {
				case err != nil:
					left = true
					return fail(yield, err)
				case v.ended:
					return has[v.index]
				case !has[v.index]:
					has[v.index] = true
					missing--
				}
				newest[v.index] = v.value
				left = missing == 0 && !yield(slices.Clone(newest), nil)
				return !left
			})
			if !left {
				complete(ctx, yield)
			}
		}
	}
}

// An indexed is an item, or the completion, of one of several streams.
type indexed[T any] struct {
	index int
	ended bool
	value T
}

// withIndex delivers the items of src, and then its completion, with an index.
func withIndex[T any](src rxsse.Observable[T], index int) rxsse.Observable[indexed[T]] {
	return func(ctx context.Context) iter.Seq2[indexed[T], error] {
		return func(yield func(indexed[T], error) bool) {
			left := false
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					left = true
					return fail(yield, err)
				}
				left = !yield(indexed[T]{index: index, value: v}, nil)
				return !left
			})
			if !left {
				yield(indexed[T]{index: index, ended: true}, nil)
			}
		}
	}
}
