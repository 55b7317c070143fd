package source

import (
	"context"
	"io"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// FromFunc returns a stream of the values that next returns. Use it for gRPC's Recv, a
// Kafka reader's ReadMessage, or the rows of a query. It calls next only when the consumer
// is ready for an item: a subscription never calls next ahead of its consumer, or twice at
// once.
//
// The stream completes when next returns [io.EOF] itself. Any other error ends it,
// including one that wraps io.EOF, as the error of a truncated request may. The value
// returned with an error is dropped.
//
// next runs on the consumer's goroutine. When the context is cancelled, next should return;
// the stream then ends with the cause, whatever error next returns. If next ignores its
// context, the range ends only after next has returned, and an item that it returns is
// delivered before the cause, so no goroutine is left behind and no item is lost. To
// interrupt such a next, close its input on cancellation:
//
//	stop := context.AfterFunc(ctx, func() { conn.Close() })
//	defer stop()
//
// All subscriptions call the same next, so each item goes to one of them. To open something
// for each subscription, write an Observable that opens it and then ranges over FromFunc;
// see the example. FromFunc panics if next is nil.
func FromFunc[T any](next func(ctx context.Context) (T, error)) rxsse.Observable[T] {
	argument.MustNotBeNil("source: FromFunc: next", next == nil)
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
