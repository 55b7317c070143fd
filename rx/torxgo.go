package rx

import (
	"context"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// ToRxGo returns src as an RxGo observable. The result is cold, like that of [rxgo.Defer]:
// each Observe of the result, or of an operator built on it, is a separate subscription to
// src.
//
// With [rxgo.WithPublishStrategy] in opts it is connectable instead: all observers share
// one subscription to src, which begins with the first Connect, on the result or on any
// operator built on it. Each observer gets every item from then on. The function that
// Connect returns ends the subscription, as do ctx and the context given to Connect. Later
// calls of Connect return the results of the first. RxGo sends each item to one observer
// after the other and waits for each: an observer that stops reading blocks all others
// forever, and one that observes after the end never sees the end. See "Many observers" in
// the package documentation. Pass the option to ToRxGo itself; on a later operator it has
// no effect.
//
// Every subscription ends with ctx, or with the context that RxGo passes upstream (the one
// given to the last operator with [rxgo.WithContext]), whichever ends first. Many RxGo
// operators pass none, so only the end of ctx reliably releases the source: within 100 ms
// no goroutine of this package is left, whatever RxGo does downstream. Context values are
// looked up in RxGo's context, then in ctx. A WithContext in opts replaces RxGo's context
// where RxGo passes none: inside [FromFunc], pass its option here too.
//
// RxGo sees the following:
//
//   - Each value is one item whose V is that value, as made by [rxgo.Of]: slices are not
//     flattened, values that are errors stay values, nil stays nil.
//   - Completion closes the channel.
//   - An error of src is an error item, after which the channel closes, under any RxGo
//     error strategy.
//   - When ctx ends, an error item with its cause is offered for up to 100 ms, then the
//     channel closes.
//   - When RxGo's own context ends, the channel closes without an item, as with RxGo's
//     sources.
//   - A panic in src is an error item with a [*rxsse.PanicError], with which [From],
//     [FromFunc], [FromHot] and [Scope] panic. If the item is not received, the panic ends
//     the process; it is never lost.
//
// Backpressure is that of the channel: src is at most one item ahead, plus the size given
// with [rxgo.WithBufferedChannel] in opts. ToRxGo panics on
// rxgo.WithBackPressureStrategy([rxgo.Drop]), and the message says what to write instead.
// The options of operators (a pool, an error strategy, an observation strategy, Serialize)
// have no effect on a source, as in RxGo.
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
