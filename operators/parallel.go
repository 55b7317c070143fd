package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Parallel delivers f of each item of src, in the order of src, with up to n calls
// of f at once. An n that is not positive panics.
//
//	src:                  -1-2-3---|
//	f:                     ---1|
//	                         -2|
//	                           -3|
//	Parallel(src, 2, f):  ----(12)-3|
//
// The context given to f ends with the subscription. An error of f ends the stream in
// the place of its result: Parallel delivers the results before it, drops those after
// it, and makes no further call for later items. When src has
// ended, Parallel delivers the results that are left, and then ends as src did. On cancel
// it ends with the cause. A panic in f reaches the consumer and ends the other calls.
//
// It runs src on a goroutine of its own, and the calls on up to n others, which it
// starts as items need them. From src, it reads at most 256 items, or n if that is more,
// ahead of the last result delivered. Events, texts and byte slices of 16 MiB count as
// full, too; results are counted by number only.
//
// While items wait and calls are fast, each goroutine takes several items at once, up to
// 64, so that an item costs less. A slow call after many fast ones may hold up finished
// results for a tenth of a millisecond, and the items that its goroutine has taken with it
// for two tenths: then the other goroutines work on them. Both may take longer while the
// consumer is busy.
func Parallel[T, R any](src rxsse.Observable[T], n int, f func(context.Context, T) (R, error)) rxsse.Observable[R] {
	mustNotBeNil("Parallel: src", src == nil)
	mustNotBeNil("Parallel: f", f == nil)
	argument.MustBePositive("operators: Parallel: n", n)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			p := newPool(ctx, src, n, true, f)
			defer p.stop()
			p.deliver(yield)
		}
	}
}

// ParallelUnordered is [Parallel] that delivers each result as soon as it is there, in
// any order.
//
//	src:                           -1-2-3---|
//	f:                              ---1|
//	                                  -2|
//	                                    -3|
//	ParallelUnordered(src, 2, f):  ----2-1-3|
//
// An error of f ends the stream, and the other calls, at once. It is delivered after the
// results that were there before it. All else is as in Parallel.
func ParallelUnordered[T, R any](src rxsse.Observable[T], n int, f func(context.Context, T) (R, error)) rxsse.Observable[R] {
	mustNotBeNil("ParallelUnordered: src", src == nil)
	mustNotBeNil("ParallelUnordered: f", f == nil)
	argument.MustBePositive("operators: ParallelUnordered: n", n)
	return withoutPositions("ParallelUnordered", func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			p := newPool(ctx, src, n, false, f)
			defer p.stop()
			p.deliver(yield)
		}
	})
}
