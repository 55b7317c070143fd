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
// Always range with two variables: with one the compiler is content too, and an error
// looks like one more item, of the zero value.
//
// Any function of this shape is an Observable, so sources and operators can be
// written anywhere. Each of them keeps the contract in the package
// documentation; what follows is the part a consumer relies on:
//
//   - The stream is any number of (v, nil) pairs, then at most one (zero, err),
//     then the end. Completion is the end without an error.
//   - When ctx is cancelled the stream ends promptly with [context.Cause] of ctx
//     as its error. A break ends it silently.
//   - When the range statement is left, in whatever way, everything the
//     subscription owned (goroutines, timers, connections) is gone.
//   - The loop body runs on the goroutine that ranges, and nothing is read ahead
//     while it runs beyond the bounded queues that operators document.
//
// An Observable may be subscribed to any number of times, also concurrently.
type Observable[T any] func(ctx context.Context) iter.Seq2[T, error]
