package rxsse

import (
	"context"
	"iter"
)

// An Observable is a cold stream of T: calling it with a context makes one subscription,
// and ranging over the result runs it.
//
//	for v, err := range prices(ctx) {
//		if err != nil {
//			return err // the stream failed, or ctx was cancelled
//		}
//		use(v)
//	}
//
// Always range with two variables. A range with one variable compiles too, but then an
// error looks like a zero item.
//
// Any function of this type is an Observable, so programs can define their own sources and
// operators. All of them keep the contract in the package documentation. Consumers can rely
// on these parts of it:
//
//   - The stream is any number of (v, nil) pairs, then at most one (zero, err), then the
//     end. Completion is the end without an error.
//   - When ctx is cancelled, the stream ends promptly with context.Cause(ctx) as its error.
//     A break ends it silently.
//   - When the range statement ends, for any reason, everything the subscription owned
//     (goroutines, timers, connections) is gone.
//   - The loop body runs on the goroutine that ranges. While it runs, the stream reads
//     ahead only into the bounded queues that operators document.
//
// An Observable can be subscribed to any number of times, concurrently too.
type Observable[T any] func(ctx context.Context) iter.Seq2[T, error]
