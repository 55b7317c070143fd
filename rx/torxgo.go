package rx

import (
	"context"
	"runtime/debug"
	"slices"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
)

// patience bounds every wait of the bridge for goroutines that are not its own:
// how long the last error waits for a reader after the bound context is over, and
// how long a lifted chain is drained once its consumer has left.
const patience = 100 * time.Millisecond

// ToRxGo gives src the whole RxGo API. It is cold, as [rxgo.Defer] is: each
// Observe of the result, or of an operator built on it, is a subscription of its
// own to src.
//
// Every subscription ends with ctx, and with the context that RxGo passes up
// (the one given to the last operator with [rxgo.WithContext]), whichever ends
// first. Many RxGo operators pass none, so ctx is what frees the source: within
// 100 ms of its end no goroutine of this package is left, whatever RxGo does
// downstream. Values are looked up in RxGo's context, then in ctx. A
// WithContext among opts stands in for RxGo's context where RxGo passes none up:
// inside [FromFunc] pass its option here too.
//
// What RxGo sees:
//
//   - Each value is one item whose V is that value, as [rxgo.Of] makes it: slices
//     are not flattened, errors as values stay values, nil stays nil.
//   - Completion closes the channel.
//   - An error of src is an error item, then the channel closes, under any RxGo
//     error strategy.
//   - When ctx ends, an error item with [context.Cause] of ctx is offered for up to
//     100 ms, then the channel closes: a reader at work sees why, one that has left
//     is not waited for.
//   - When RxGo's own context ends, the channel closes without an item, as that of
//     RxGo's sources does.
//   - A panic in src is an error item with a [*rxsse.PanicError], which [From],
//     [FromFunc] and [Scope] carry on to whoever ranges or reads. If nobody takes
//     the item, the panic goes on and ends the process: it is never lost.
//
// Backpressure is that of the channel: src is at most one item ahead, and as many
// more as [rxgo.WithBufferedChannel] among opts allows.
func ToRxGo[T any](ctx context.Context, src rxsse.Observable[T], opts ...rxgo.Option) rxgo.Observable {
	return deferred(ctx, opts, func(ctx context.Context, next chan<- rxgo.Item) error {
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

// deferred makes an RxGo Observable of produce, which runs once per subscription
// on a goroutine of RxGo, under a context that ends with ctx and with the one RxGo
// passes up. A non-nil error of produce becomes the last item.
func deferred(ctx context.Context, opts []rxgo.Option, produce func(context.Context, chan<- rxgo.Item) error) rxgo.Observable {
	producer := func(sub context.Context, next chan<- rxgo.Item) {
		run, stop := join(sub, ctx)
		defer stop()
		life := lifetimeOf(run)
		if !life.enter() {
			return
		}
		defer life.leave()

		panicked, err := guard(func() error { return produce(run, next) })
		if err == nil || sendLast(sub, run, next, err) || panicked == nil {
			return
		}
		if !life.carry(panicked) {
			panic(panicked)
		}
	}
	// RxGo appends to the slice on each Observe: spare capacity would be shared
	// between subscriptions.
	return rxgo.Defer([]rxgo.Producer{producer}, slices.Clip(slices.Clone(opts))...)
}

// guard calls f and makes its panic the error, returned as what it is as well, so
// that the caller can tell it from an error that f returned.
func guard(f func() error) (panicked *rxsse.PanicError, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		var carried bool
		if panicked, carried = v.(*rxsse.PanicError); !carried {
			panicked = &rxsse.PanicError{Value: v, Stack: debug.Stack()}
		}
		err = panicked
	}()
	return nil, f()
}

// sendLast sends the item that ends a subscription and says whether it was taken.
// run ends with sub or with the bound context: in the first case RxGo has stopped
// reading, in the second it may still read, and is given its patience.
func sendLast(sub, run context.Context, next chan<- rxgo.Item, err error) bool {
	if sub.Err() != nil {
		return false
	}
	select {
	case next <- rxgo.Error(err):
		return true
	case <-run.Done():
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case next <- rxgo.Error(err):
		return true
	case <-sub.Done():
	case <-late.C:
	}
	return false
}

// carriedPanic returns the panic that an error item carries across RxGo, or nil. A
// PanicError wrapped in another error is not meant: somebody has handled it.
func carriedPanic(item rxgo.Item) *rxsse.PanicError {
	p, _ := item.E.(*rxsse.PanicError) //nolint:errorlint // see above
	return p
}
