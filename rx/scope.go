package rx

import (
	"context"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse/internal/argument"
)

// Scope is for flows that stay in RxGo: it wraps a chain so that the end of the chain, by
// Take, First, an error or completion, stops its sources. RxGo itself never stops an
// upstream: Take(3) on an endless source leaves the source and all operators before Take
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
// The items of the chain, including error items, pass unchanged, and the sources have ended
// before the channel is closed. Operators appended to the result are outside the Scope:
// Scope(…).Take(3) leaves the source running until ctx ends.
//
// The result is cold, or connectable with [rxgo.WithPublishStrategy] in opts. Options, the
// end of ctx and of RxGo's context, and panics (including those of build) are treated as by
// [ToRxGo]. The chain is stopped as that of a range over [FromFunc].
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
