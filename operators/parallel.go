package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Parallel delivers the result of f for each item of src, in the order of src, with up to n
// concurrent calls of f. Parallel panics if n is not positive.
//
//	src:                  -1-2-3---|
//	f:                     ---1|
//	                         -2|
//	                           -3|
//	Parallel(src, 2, f):  ----(12)-3|
//
// The context given to f ends with the subscription. An error of f takes the place of its
// result and ends the stream: Parallel delivers the results before it, drops those after
// it, and starts no calls for later items. When src ends, Parallel delivers the remaining
// results and then ends as src did. On cancel it ends with the cause. A panic in f reaches
// the consumer, and the contexts of the other calls are cancelled.
//
// It runs src on its own goroutine and the calls on up to n others, which it starts as
// needed. It reads at most 256 items, or n if that is more, ahead of the last result
// delivered, and at most 16 MiB of events, strings and byte slices. Results are limited
// only by number.
//
// While items wait and calls are fast, each goroutine takes up to 64 items at once, to
// reduce the cost per item. A slow call after many fast ones may therefore delay finished
// results by 0.1 ms, and the items that its goroutine took with it by 0.2 ms, until other
// goroutines take them over; both may take longer while the consumer is busy.
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

// ParallelUnordered is [Parallel] that delivers each result as soon as it is available, in
// any order.
//
//	src:                           -1-2-3---|
//	f:                              ---1|
//	                                  -2|
//	                                    -3|
//	ParallelUnordered(src, 2, f):  ----2-1-3|
//
// An error of f ends the stream at once and cancels the other calls. It is delivered after
// the results that were available before it. In all other respects it is like Parallel.
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
