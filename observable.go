package rxsse

import (
	"context"
	"iter"
)

// An Observable is a cold stream of T: calling it with a context makes one
// subscription, and ranging over the result runs it.
//
//	for v, err := range prices(ctx) {
//		if err != nil {
//			return err // the stream failed, or ctx was cancelled
//		}
//		use(v)
//	}
//
// Always range with two variables. With one variable it still compiles, but an error then
// looks like an item of the zero value.
//
// Any function of this shape is an Observable, so a program can have sources and operators
// of its own. All keep the contract in the package documentation. A consumer can rely on
// these parts of it:
//
//   - The stream is any number of (v, nil) pairs, then at most one (zero, err),
//     then the end. Completion is the end without an error.
//   - When ctx is cancelled the stream ends promptly with [context.Cause] of ctx
//     as its error. A break ends it silently.
//   - When the range statement ends, for any reason, everything that the subscription
//     owned (goroutines, timers, connections) is gone.
//   - The loop body runs on the goroutine that ranges. While it runs, the stream reads
//     ahead only into the bounded queues that operators document.
//
// A program may subscribe to an Observable any number of times, also concurrently.
type Observable[T any] func(ctx context.Context) iter.Seq2[T, error]
