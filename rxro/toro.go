package rxro

import (
	"context"

	"github.com/samber/ro"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/lifetime"
)

// ToRo returns src as an observable of ro. It is cold: each subscription runs src again, on
// its own goroutine, so Subscribe returns at once and the subscription can be stopped at
// any item (Take, First).
//
// Values, errors and completion pass unchanged. The context given to SubscribeWithContext
// ends the subscription, with its cause as the error. In a chain that [From] converts back,
// only Unsubscribe ends it, because another subscriber may share the subscription through
// ro.Share.
//
// Unsubscribe ends the subscription silently. It does not wait for src, which ends at its
// next item or wait; a range over From does.
//
// ToRo reads the next item when the operators and the observer of ro have returned, so a
// slow observer slows src down.
//
// A panic in src is an error of the subscription, a [*rxsse.PanicError], with which From
// panics. If the subscription has already ended, the panic ends the process.
//
// ToRo panics if src is nil.
func ToRo[T any](src rxsse.Observable[T]) ro.Observable[T] {
	argument.MustNotBeNil("rxro: ToRo: src", src == nil)
	// Only one goroutine sends, so ro need not lock for each item.
	return ro.NewUnsafeObservableWithContext(func(ctx context.Context, destination ro.Observer[T]) ro.Teardown {
		life := lifetime.Of(ctx)
		if life != nil {
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithCancelCause(ctx)
		producer, ok := life.Enter(cancel)
		if !ok {
			cancel(nil)
			destination.ErrorWithContext(ctx, context.Canceled)
			return nil
		}
		// Ends with src, and with ctx, which the teardown cancels. The teardown cannot
		// wait: Take calls it from within destination.Next, on this goroutine.
		go func() {
			defer producer.Leave()
			defer cancel(nil)
			if p := send(ctx, src, destination); p != nil && !life.Carry(p) {
				panic(p)
			}
		}()
		return func() { producer.Stop(context.Canceled) }
	})
}

// send runs src. It returns a panic of src that ro has not taken as an error.
func send[T any](ctx context.Context, src rxsse.Observable[T], destination ro.Observer[T]) *rxsse.PanicError {
	panicked, err := lifetime.Guard(func() error {
		for v, err := range src(ctx) {
			if err != nil {
				return err
			}
			destination.NextWithContext(ctx, v)
			if destination.IsClosed() {
				return nil
			}
		}
		return nil
	})
	switch {
	case destination.IsClosed():
		return panicked
	case err != nil:
		destination.ErrorWithContext(ctx, err)
	default:
		destination.CompleteWithContext(ctx)
	}
	return nil
}
