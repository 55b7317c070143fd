package main

import (
	"context"
	"iter"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
)

// between puts an RxGo flow between two typed streams. Several RxGo operators (Merge,
// GroupBy and Retry among them) run from the moment they are built and stop nothing above
// them. Three things keep that from leaking:
//
//   - rx.FromFunc builds the flow for each subscription;
//   - each operator of the flow is given opt;
//   - the source is given opt too.
//
// When the range over the result ends, the whole flow has ended.
func between[T, R any](src rxsse.Observable[T], flow func(context.Context, rxgo.Observable, rxgo.Option) rxgo.Observable) rxsse.Observable[R] {
	return func(ctx context.Context) iter.Seq2[R, error] {
		return rx.FromFunc[R](func(opt rxgo.Option) rxgo.Observable {
			return flow(ctx, rx.ToRxGo(ctx, src, opt), opt)
		})(ctx)
	}
}
