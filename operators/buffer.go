package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Buffer lets src run ahead of the consumer by up to n items, and deals with more
// as overflow says: [Block], [DropOldest], [DropNewest], [Latest] or [Fail]. An n
// that is not positive panics. To gather items into slices see [Window].
//
//	src:                         -1-2-3-4-5|
//	Buffer(src, 2, DropOldest):  -1------(34)5|   (the consumer takes 7 for the first)
//
// It completes when src does, after the items that wait. An error of src is
// delivered after them too, and so is the [OverflowError] of Fail. On cancel it
// ends with the cause, and the items that wait are dropped.
//
// It runs src on a goroutine of its own and holds at most n items besides the one
// being delivered; under Block, besides up to n being delivered.
func Buffer[T any](src rxsse.Observable[T], n int, overflow Overflow) rxsse.Observable[T] {
	mustNotBeNil("Buffer: src", src == nil)
	mustBePositive("Buffer: n", n)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.NewOverflowing[T](ctx, n, overflow.queue("Buffer", n))
			defer q.Stop()
			q.Go(src)
			deliver(q, yield)
		}
	}
}
