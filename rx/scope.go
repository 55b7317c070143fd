package rx

import (
	"context"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse/internal/argument"
)

// Scope is for flows that stay in RxGo: it wraps a chain so that the end of the chain, by
// Take, First, an error or completion, stops its sources. RxGo itself never stops an
// upstream: a Take(3) of an endless source leaves the source and all operators before it
// running.
//
// build makes the chain, once for each Observe of the result, on a goroutine of its own.
// Its ctx ends with the chain; opt carries it. Give ctx to each [ToRxGo] and opt to each
// RxGo function and operator except BackOffRetry:
//
//	three := rx.Scope(ctx, func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
//		return rx.ToRxGo(ctx, events).Map(parse, opt).Take(3, opt)
//	})
//
// The items of the chain, error items included, pass unchanged, and the sources have
// been closed before the channel is. Operators appended to the result are outside:
// Scope(…).Take(3) leaves the source running until ctx ends.
//
// The result is cold, or connectable with [rxgo.WithPublishStrategy] among opts. For
// options, the end of ctx and of RxGo's context, and panics (in build too) the rules of
// [ToRxGo] hold. The chain is taken down as that of a range over [FromFunc].
func Scope[I rxgo.Iterable](ctx context.Context, build func(ctx context.Context, opt rxgo.Option) I, opts ...rxgo.Option) rxgo.Observable {
	argument.MustNotBeNil("rx: Scope: build", build == nil)
	return toRxGo(ctx, opts, func(ctx context.Context, next chan<- rxgo.Item) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s := newSubscription(ctx)
		defer s.close() //nolint:contextcheck // s was made with ctx
		if !s.observe(func() rxgo.Iterable { return build(s.sub, s.option()) }) {
			return s.err()
		}
		for item, ok := s.next(); ok; item, ok = s.next() {
			select {
			case next <- item:
			case <-ctx.Done():
			}
		}
		return s.err()
	})
}
