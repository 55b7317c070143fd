package operators

import (
	"context"
	"iter"
	"slices"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Merge runs all of srcs at once and delivers their items in the order of their arrival.
//
//	a:            --1-----3--|
//	b:            ----2------4--|
//	Merge(a, b):  --1-2---3--4--|
//
// The sources start in the order of the arguments, see "Start of several streams" in the
// package documentation.
//
// Merge completes when all of srcs have completed, or immediately if there are none. When
// one of them fails, Merge cancels the others and delivers the error after the items that
// arrived before it. On cancel it ends with the cause.
//
// Asynchronous.
func Merge[T any](srcs ...rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotHoldNil("Merge: srcs", srcs)
	return withoutPositions("Merge", merge(slices.Clone(srcs)))
}

// merge is [Merge], but keeps positions and does not copy srcs.
func merge[T any](srcs []rxsse.Observable[T]) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.NewByArrival[T](ctx, handoff.DefaultLimit)
			defer q.Stop()
			q.GoInOrder(srcs...)
			deliver(q, yield)
		}
	}
}

// deliver hands everything from q to the consumer.
func deliver[T any](q *handoff.Queue[T], yield func(T, error) bool) {
	for {
		batch, signal := q.Receive(nil)
		if signal == handoff.End {
			if err := q.Err(); err != nil {
				fail(yield, err)
			}
			return
		}
		if !deliverBatch(q, batch, yield) {
			return
		}
	}
}

// deliverBatch hands a batch to the consumer, up to a cancellation, which the next
// Receive reports. It returns false when the consumer has left.
func deliverBatch[T any](q *handoff.Queue[T], batch []T, yield func(T, error) bool) bool {
	for i := range batch {
		if q.Cancelled() {
			return true
		}
		if !yield(batch[i], nil) {
			return false
		}
	}
	return true
}
