package operators

import (
	"context"
	"iter"
	"slices"

	"github.com/rxsse/rxsse"
)

// CombineLatestAll is [CombineLatest] for any number of streams of one type: once each of
// srcs has delivered an item, it delivers their newest items, in the order of srcs,
// whenever one of them delivers one. Each slice is newly allocated, and the consumer can
// keep it.
//
//	a:                       -1------2---|
//	b:                       ---x--y---|
//	c:                       --p-----------|
//	CombineLatestAll(a,b,c): ---[1xp]--[1yp]-[2yp]---|
//
// It completes when all of srcs have completed, immediately if there are none, or as soon
// as one completes without an item. On error and cancel it ends as [Merge] does.
// Asynchronous.
//
// RxJS calls it combineLatest of an array, Kotlin Flow combine.
func CombineLatestAll[T any](srcs ...rxsse.Observable[T]) rxsse.Observable[[]T] {
	mustNotHoldNil("CombineLatestAll: srcs", srcs)
	tagged := make([]rxsse.Observable[indexed[T]], len(srcs))
	for i, src := range srcs {
		tagged[i] = withIndex(src, int64(i))
	}
	return func(ctx context.Context) iter.Seq2[[]T, error] {
		return func(yield func([]T, error) bool) {
			newest := make([]T, len(tagged))
			has := make([]bool, len(tagged))
			missing := len(tagged) // the number of srcs without an item
			runInOrder(ctx, tagged, yield, func(v *indexed[T]) bool {
				switch {
				case v.ended && !has[v.index]:
					complete(ctx, yield)
					return false
				case v.ended:
					return true
				case !has[v.index]:
					has[v.index] = true
					missing--
				}
				newest[v.index] = v.value
				return missing > 0 || yield(slices.Clone(newest), nil)
			})
		}
	}
}
