package rx

import (
	"context"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// ToRxGo returns src as an RxGo observable. The result is cold, as [rxgo.Defer] is: each
// Observe of the result, or of an operator built on it, is a subscription of its own to
// src.
//
// With [rxgo.WithPublishStrategy] among opts it is connectable instead: all observers
// share one subscription to src, which the first Connect begins, on the result or on any
// operator built on it. Each observer gets every item from then on. The function that
// Connect returns ends the subscription, as do ctx and the context given to Connect. Later
// calls of Connect return what the first returned. RxGo sends each item to one observer
// after the other and waits for each: an observer that stops reading blocks all others
// forever, and one that observes after the end never sees the end. See Many observers
// in the package documentation. Give the option to ToRxGo itself: on an operator behind
// it, it has no effect.
//
// Every subscription ends with ctx, and with the context that RxGo passes up (the one
// given to the last operator with [rxgo.WithContext]), whichever ends first. Many RxGo
// operators pass none, so ctx is what frees the source: within 100 ms of its end no
// goroutine of this package is left, whatever RxGo does downstream. Values are looked up
// in RxGo's context, then in ctx. A WithContext among opts replaces RxGo's context where
// RxGo passes none up: inside [FromFunc] pass its option here too.
//
// RxGo sees the following:
//
//   - Each value is one item whose V is that value, as [rxgo.Of] makes it: slices
//     are not flattened, errors as values stay values, nil stays nil.
//   - Completion closes the channel.
//   - An error of src is an error item, then the channel closes, under any RxGo
//     error strategy.
//   - When ctx ends, an error item with [context.Cause] of ctx is offered for up to
//     100 ms, then the channel closes.
//   - When RxGo's own context ends, the channel closes without an item, as RxGo's sources
//     do.
//   - A panic in src is an error item with a [*rxsse.PanicError], which [From],
//     [FromFunc], [FromHot] and [Scope] raise again. If nobody takes the item, the panic
//     goes on and ends the process: it is never lost.
//
// Backpressure is that of the channel: src is at most one item ahead, and as many
// more as [rxgo.WithBufferedChannel] among opts allows. ToRxGo panics on
// [rxgo.WithBackPressureStrategy] with [rxgo.Drop], and the message says what to write
// instead. The options of operators (a pool, an error strategy, an observation strategy,
// Serialize) have no effect on a source, as in RxGo.
func ToRxGo[T any](ctx context.Context, src rxsse.Observable[T], opts ...rxgo.Option) rxgo.Observable {
	argument.MustNotBeNil("rx: ToRxGo: src", src == nil)
	return toRxGo(ctx, opts, func(ctx context.Context, next chan<- rxgo.Item) error {
		done := ctx.Done()
		for v, err := range src(ctx) {
			if err != nil {
				return err
			}
			select {
			case next <- rxgo.Of(v):
			case <-done:
				return context.Cause(ctx)
			}
		}
		return nil
	})
}
