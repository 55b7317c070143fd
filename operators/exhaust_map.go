package operators

import (
	"context"
	"iter"
	"sync/atomic"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// ExhaustMap delivers the items of the stream that f returns for an item of src. While that
// inner stream runs, it drops the items of src, for example clicks while the response to
// the first one loads.
//
//	src:                 --1--2------3--|
//	f(n):                n--n--n|
//	ExhaustMap(src, f):  --1--1--1---3--3--3|
//
// It completes when src and the last inner stream have completed. On error and cancel it
// ends as [Merge] does, with src and the inner stream as the sources.
//
// Asynchronous. f runs on the goroutine of src. An inner stream counts as ended when it
// completes, even if the consumer has not taken its last items yet.
//
// RxJS calls it exhaustMap.
func ExhaustMap[T, R any](src rxsse.Observable[T], f func(T) rxsse.Observable[R]) rxsse.Observable[R] {
	mustNotBeNil("ExhaustMap: src", src == nil)
	mustNotBeNil("ExhaustMap: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			q := handoff.NewByArrival[R](ctx, handoff.DefaultLimit)
			defer q.Stop()
			var running atomic.Bool
			q.Go(starting[T, R](src, func(ctx context.Context, v T) bool {
				if ctx.Err() == nil && running.CompareAndSwap(false, true) {
					q.GoThen(returned("ExhaustMap: f", f(v)), func() { running.Store(false) })
				}
				return ctx.Err() == nil
			}))
			deliver(q, yield)
		}
	}
}
