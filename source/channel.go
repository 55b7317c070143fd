package source

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// FromChannel returns the stream that delivers what is received from c, and
// completes when c is closed. A nil channel never delivers anything. When its
// context is cancelled it ends with the cause, also while it waits.
//
// All subscriptions receive from the one channel: each item goes to one of them.
// It starts no goroutine; whoever sends on c should watch a context, since it is
// not told when nobody receives any more.
func FromChannel[T any](c <-chan T) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			done := ctx.Done()
			for ctx.Err() == nil {
				select {
				case v, open := <-c:
					// The select may have preferred the item to the cancellation, but the
					// item cannot be put back.
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
