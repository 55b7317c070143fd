package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Buffer lets src run ahead of the consumer by up to n items. overflow decides what happens
// to further items: [OverflowBlock], [OverflowDropOldest], [OverflowDropNewest],
// [OverflowLatest] or [OverflowFail]. [CountDropped] counts the dropped items. To collect
// items into slices, use [Window].
//
//	src:                                 -1-2-3-4-5|
//	Buffer(src, 2, OverflowDropOldest):  -1------(34)5|   (the consumer takes 7 for the first)
//
// It completes when src does, after the items in the buffer. An error of src and the
// [OverflowError] of OverflowFail are delivered after them too. On cancel it ends with the
// cause and drops the items in the buffer.
//
// It runs src on its own goroutine and holds at most n items, not counting the one being
// delivered; with OverflowBlock, not counting up to n taken from the buffer for delivery.
//
// Buffer panics if n is not positive or overflow is none of the constants.
func Buffer[T any](src rxsse.Observable[T], n int, overflow Overflow, opts ...OverflowOption) rxsse.Observable[T] {
	mustNotBeNil("Buffer: src", src == nil)
	argument.MustBePositive("operators: Buffer: n", n)
	config := newOverflow("Buffer", n, overflow, opts)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.NewOverflowing[T](ctx, n, config)
			defer q.Stop()
			q.Go(src)
			deliver(q, yield)
		}
	}
}
