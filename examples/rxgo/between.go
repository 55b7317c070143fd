package main

import (
	"context"
	"iter"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
)

// between puts a flow of RxGo between two typed streams. RxGo never stops what is
// above an operator that ends, and several of its operators, Merge, GroupBy and Retry
// among them, run from when they are built and pass no context up. Three things keep
// that from leaking:
//
//   - the flow is built for each subscription, by rx.FromFunc, and not once;
//   - each of its operators is given opt, which carries the subscription's context;
//   - the source is given that context too.
//
// When the range over the result ends, however it does, all of it is gone.
func between[T, R any](src rxsse.Observable[T], flow func(context.Context, rxgo.Observable, rxgo.Option) rxgo.Observable) rxsse.Observable[R] {
	return func(ctx context.Context) iter.Seq2[R, error] {
		return rx.FromFunc[R](func(opt rxgo.Option) rxgo.Observable {
			return flow(ctx, rx.ToRxGo(ctx, src, opt), opt)
		})(ctx)
	}
}
