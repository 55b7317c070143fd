package rx

import (
	"context"

	"github.com/reactivex/rxgo/v2"
)

// Scope is for flows that stay in RxGo: it wraps a chain so that the end of the
// chain, by Take, First, an error or completion, stops everything that the chain
// was built from. RxGo itself never stops an upstream: a Take(3) of an endless
// source leaves the source and all operators before it running.
//
// build makes the chain, once for each Observe of the result, on the goroutine of
// that subscription. Its ctx ends with the chain, with the ctx given to Scope, and
// with the context that RxGo passes up; opt carries it. Give ctx to each
// [ToRxGo] and opt to each RxGo function and operator:
//
//	three := rx.Scope(ctx, func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
//		return rx.ToRxGo(ctx, events).Map(parse, opt).Take(3, opt)
//	})
//
// The items of the chain, error items included, pass unchanged, and the source has
// been closed before the channel is. What is appended to the result is outside:
// Scope(…).Take(3) leaves the source running until ctx ends. For the end of ctx, of
// RxGo's context and for panics (those of build too) the rules of [ToRxGo]
// hold, and for taking the chain down those of [From].
func Scope[I rxgo.Iterable](ctx context.Context, build func(ctx context.Context, opt rxgo.Option) I, opts ...rxgo.Option) rxgo.Observable {
	return deferred(ctx, opts, func(ctx context.Context, next chan<- rxgo.Item) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s := newSubscription(ctx)
		defer s.close()
		s.observe(build(s.sub, s.option())) //nolint:contextcheck // s.sub is made of ctx
		for item, ok := s.next(); ok; item, ok = s.next() {
			select {
			case next <- item:
			case <-ctx.Done():
			}
		}
		return s.err()
	})
}
