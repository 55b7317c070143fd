package operators

import (
	"context"
	"iter"
	"slices"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// ZipAll is [Zip] for any number of streams of one type: it delivers the first items of all
// srcs, in the order of srcs, then the second items, and so on, each as soon as all of them
// have arrived. Each slice is newly allocated, and the consumer can keep it.
//
//	a:                -1---2---3--|
//	b:                ---x--y-------z|
//	c:                --p-q-r|
//	ZipAll(a, b, c):  ---[1xp]--[2yq]-------([3zr]|)
//
// When one of srcs has completed and all its items are delivered, ZipAll completes and drops
// the remaining items of the others. Without srcs it completes at once. On error and cancel
// it ends as [Merge] does.
//
// Asynchronous. It holds at most 256 unmatched items of each of srcs, or 32 MiB of events.
//
// RxJS calls it zip of an array.
func ZipAll[T any](srcs ...rxsse.Observable[T]) rxsse.Observable[[]T] {
	mustNotHoldNil("ZipAll: srcs", srcs)
	srcs = slices.Clone(srcs)
	return func(ctx context.Context) iter.Seq2[[]T, error] {
		return func(yield func([]T, error) bool) {
			group := handoff.NewGroup(ctx)
			defer group.Stop()
			order := handoff.NewOrder(ctx)
			queues := make([]*handoff.Queue[T], len(srcs))
			for i, src := range srcs {
				queues[i] = handoff.AddQueue[T](group, zipLimit)
				queues[i].GoNext(order, src)
			}
			batches := make([][]T, len(srcs))
			for {
				n, signal := group.Receive()
				if signal == handoff.End {
					break
				}
				for i, q := range queues {
					batches[i] = q.Received(n)
				}
				for row := range n {
					if group.Cancelled() {
						break
					}
					items := make([]T, len(batches))
					for i := range batches {
						items[i] = batches[i][row]
					}
					if !yield(items, nil) {
						return
					}
				}
			}
			endGroup(ctx, group, yield)
		}
	}
}
