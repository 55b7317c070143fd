package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Finally delivers src unchanged and calls f when the subscription has ended and src is
// released, however it ended: completion, error, cancel, a break by the consumer, a panic.
// It calls f once per subscription. To see how the stream ended, use [TapEnd].
//
// Synchronous. It ends as src does.
func Finally[T any](src rxsse.Observable[T], f func()) rxsse.Observable[T] {
	mustNotBeNil("Finally: src", src == nil)
	mustNotBeNil("Finally: f", f == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			defer f()
			src(ctx)(func(v T, err error) bool { return yield(v, err) && err == nil })
		}
	}
}
