package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Zip delivers f of the first item of a and the first of b, then of the second items, and
// so on, each as soon as both items have arrived.
//
//	a:             -1---2---3-|
//	b:             ---x--y-------z|
//	Zip(a, b, f):  ---1x-2y------3z|
//
// When one of the two has completed and all its items have a partner, Zip completes and
// drops the remaining items of the other. On error and cancel it ends as [Merge] does.
//
// Asynchronous. It starts a before b, and holds at most 256 unmatched items of each, or 32
// MiB of events; the stream that is ahead waits.
func Zip[A, B, R any](a rxsse.Observable[A], b rxsse.Observable[B], f func(A, B) R) rxsse.Observable[R] {
	mustNotBeNil("Zip: a", a == nil)
	mustNotBeNil("Zip: b", b == nil)
	mustNotBeNil("Zip: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			group := handoff.NewGroup(ctx)
			defer group.Stop()
			queueA := handoff.AddQueue[A](group, zipLimit)
			queueB := handoff.AddQueue[B](group, zipLimit)
			order := handoff.NewOrder(ctx)
			queueA.GoNext(order, a)
			queueB.GoNext(order, b)
			for {
				n, signal := group.Receive()
				if signal == handoff.End {
					break
				}
				itemsA, itemsB := queueA.Received(n), queueB.Received(n)
				for i := range n {
					if group.Cancelled() {
						break
					}
					if !yield(f(itemsA[i], itemsB[i]), nil) {
						return
					}
				}
			}
			endGroup(ctx, group, yield)
		}
	}
}

// zipLimit is how many items of an input a queue of Zip and ZipAll holds. The consumer may
// hold as many.
const zipLimit = handoff.DefaultLimit / 2

// endGroup ends a stream the way the inputs of group ended.
func endGroup[R any](ctx context.Context, group *handoff.Group, yield func(R, error) bool) {
	if err := group.Err(); err != nil {
		fail(yield, err)
		return
	}
	complete(ctx, yield)
}
