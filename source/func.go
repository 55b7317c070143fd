package source

import (
	"context"
	"io"
	"iter"

	"github.com/rxsse/rxsse"
)

// FromFunc returns the stream of what next returns: gRPC's Recv, a Kafka reader's
// ReadMessage, the rows of a query. It calls next again after the consumer has taken
// an item, so next is never called ahead or twice at once by one subscription.
//
// It completes when next returns [io.EOF] itself; an error that wraps io.EOF, such as
// that of a request that was cut off, is a failure like all others and ends the
// stream. The value that comes with an error is dropped.
//
// next runs on the consumer's goroutine. When the context is cancelled, next should
// return: the stream then ends with the cause, whatever the error of next is. While a
// next that ignores its context blocks, the range does not end, so that nothing is
// left behind: neither a goroutine, nor an item that somebody would have to put back.
// If that next then returns an item, the item is delivered before the cause. To
// interrupt such a next, make the cancellation close what it reads from:
//
//	stop := context.AfterFunc(ctx, func() { conn.Close() })
//	defer stop()
//
// All subscriptions call the same next, so each item goes to one of them. To open
// something for each subscription, write an Observable that does it and then ranges
// over FromFunc; the example shows how. FromFunc panics if next is nil.
func FromFunc[T any](next func(ctx context.Context) (T, error)) rxsse.Observable[T] {
	if next == nil {
		panic("source: FromFunc: next is nil")
	}
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for done := ctx.Done(); !isDone(done); {
				v, err := next(ctx)
				if err == io.EOF { //nolint:errorlint // as with io.Reader, only io.EOF itself is an end
					break
				}
				if err != nil && !isDone(done) {
					var zero T
					yield(zero, err)
					return
				}
				if err == nil && !yield(v, nil) {
					return
				}
			}
			end(ctx, yield)
		}
	}
}
