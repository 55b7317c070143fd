package rx

import (
	"context"
	"slices"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/lifetime"
)

// A produceFunc sends the items of one subscription to next until its context ends.
// A non-nil error becomes the last item.
type produceFunc func(ctx context.Context, next chan<- rxgo.Item) error

// toRxGo makes an RxGo Observable of produce: cold, or connectable if opts hold
// [rxgo.WithPublishStrategy].
func toRxGo(bound context.Context, opts []rxgo.Option, produce produceFunc) rxgo.Observable {
	refuseDrop(opts) //nolint:contextcheck // it waits for nothing
	// RxGo appends to the slice on each Observe, so spare capacity would be shared
	// between subscriptions.
	opts = slices.Clip(slices.Clone(opts))
	if publishes(opts) {
		return newConnectable(bound, opts, produce)
	}
	return rxgo.Defer([]rxgo.Producer{func(sub context.Context, next chan<- rxgo.Item) {
		run(sub, bound, next, produce)
	}}, opts...)
}

// A producer is one call of a produceFunc.
type producer struct {
	sub  context.Context //nolint:containedctx // the context of RxGo
	ctx  context.Context //nolint:containedctx // what the call runs under
	life *lifetime.Lifetime
}

// run calls produce under a context that ends with sub, with bound, and when a
// subscription of this package that lies downstream ends.
func run(sub, bound context.Context, next chan<- rxgo.Item, produce produceFunc) {
	ctx, cancel, release := join(sub, bound)
	defer release()
	defer cancel(nil)
	p := &producer{sub: sub, ctx: ctx, life: lifetime.Of(ctx)}
	entry, ok := p.life.Enter(cancel)
	if !ok {
		return
	}
	defer entry.Leave()

	panicked, err := lifetime.Guard(func() error { return produce(ctx, next) })
	if err == nil || p.sendLast(next, err) || panicked == nil {
		return
	}
	if !p.life.Carry(panicked) {
		panic(panicked)
	}
}

// sendLast sends the item that ends a subscription and reports whether it was
// taken. If RxGo or the subscription downstream has ended, it is not sent. If
// only the bound context has ended, RxGo may still read, and has drainTimeout to do so.
func (p *producer) sendLast(next chan<- rxgo.Item, err error) bool {
	if p.sub.Err() != nil || p.life.Stopped() {
		return false
	}
	select {
	case next <- rxgo.Error(err):
		return true
	case <-p.ctx.Done():
	}
	select {
	case next <- rxgo.Error(err):
		return true
	case <-p.sub.Done():
	case <-time.After(drainTimeout):
	}
	return false
}

// carriedPanic returns the panic that an error item carries across RxGo, or nil. It ignores
// a PanicError wrapped in another error: somebody has handled it.
func carriedPanic(item rxgo.Item) *rxsse.PanicError {
	p, _ := item.E.(*rxsse.PanicError) //nolint:errorlint // see above
	return p
}
