package source

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// FromChannel returns a stream that delivers the items received from c and completes when c
// is closed. With a nil channel it never delivers or completes. When its context is
// cancelled it ends with the cause, even while it waits for an item.
//
// All subscriptions receive from the same channel, so each item goes to one of them.
// FromChannel starts no goroutine. The sender does not learn that a subscription has ended;
// to avoid blocking forever, it should also select on a context.
func FromChannel[T any](c <-chan T) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			done := ctx.Done()
			for ctx.Err() == nil {
				select {
				case v, open := <-c:
					// If the context is cancelled too, the item is still delivered: it cannot
					// be put back.
					if !open {
						end(ctx, yield)
						return
					}
					if !yield(v, nil) {
						return
					}
				case <-done:
				}
			}
			end(ctx, yield)
		}
	}
}
