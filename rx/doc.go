// Package rx is the bridge between [rxsse.Observable] and RxGo v2, in both directions:
//
//	ToRxGo     to RxGo     one of our streams with the whole RxGo API, cold or published
//	From       from RxGo   a cold RxGo observable as a typed stream
//	FromFunc   from RxGo   the same for a chain that is built for each range
//	FromHot    from RxGo   a hot RxGo observable as a typed stream
//	Scope      in RxGo     a chain that stops its sources when it ends
//
// No other package of the module imports RxGo: programs that do not import this one do
// not link it. The guide docs/rxgo.md shows each shape of RxGo program before and after.
//
// # Which function
//
//   - RxGo operators in a typed program: [FromFunc]. It leaks nothing and can be ranged
//     over again.
//   - An RxGo observable that another part of the program has made: [From] if it is
//     cold, [FromHot] if it is published or an event source.
//   - A flow that stays in RxGo: [ToRxGo] if the flow ends with a context that you have,
//     [Scope] if it ends by itself (Take, First, an error).
//   - Several RxGo observers of one stream: [ToRxGo] with [rxgo.WithPublishStrategy] if
//     all of them stay until the end. RxGo cannot unsubscribe, so if observers come and
//     go, share the stream before the crossing, see below.
//
// This is FromFunc as an operator:
//
//	batches := func(ctx context.Context) iter.Seq2[[]any, error] {
//		return rx.FromFunc[[]any](func(opt rxgo.Option) rxgo.Observable {
//			return rx.ToRxGo(ctx, prices, opt).BufferWithCount(100, opt)
//		})(ctx)
//	}
//
// An RxGo operator costs tens of times as much for each item as one of ours: do the
// work on each item before the crossing, and cross with the results.
//
// # Many observers
//
// Observers that may leave need a stream that can be unsubscribed. Each observer then
// crosses by itself, and its own context ends it:
//
//	shared := operators.Replay(prices, 100, 16, operators.OverflowDropOldest)
//	rx.ToRxGo(ctx, shared).Map(f, rxgo.WithContext(observer)).DoOnNext(g, rxgo.WithContext(observer))
//
// Take Replay rather than Share: RxGo subscribes on a goroutine of its own, some time
// after DoOnNext has returned, and Share would lose the items until then. For a known
// number of observers, Share with operators.MinSubscribers loses nothing. The overflow
// policy decides what a slow observer does: Block slows all of them to its pace, the
// others let it miss items, or fail, alone. Without WithContext an observer that stops
// reading stays subscribed until the context given to ToRxGo ends.
//
// # How a chain is stopped
//
// RxGo never stops an upstream: when Take, First or an error ends a chain, or its reader
// leaves, everything above goes on until a context ends, and many operators pass no
// context up, or send without looking at one. So when a range over From or FromFunc
// ends, or a Scope, this package stops the sources made with [ToRxGo] below the chain.
// The chain then completes from its sources down, and what it still sends is read and
// dropped. After that the context in the option is cancelled, for chains with sources of
// RxGo. All of this takes at most 100 ms.
//
// That works for chains whose operators and sources all were given the option. The
// exceptions:
//
//   - Merge, Concat, Amb, CombineLatest, Zip, Sample, StartWith, Join and TimeInterval
//     over sources of RxGo (Interval, Defer, FromChannel), if another operator follows:
//     they send without looking at a context, and the operator that follows is cancelled
//     at the same time. Wrap them in a Scope of their own.
//   - The same operators over any sources, if an operator that follows ends before them,
//     as Take and First do: it stops reading, and what they still send waits forever. End
//     the range instead, say with operators.Take, or wrap them in a Scope of their own.
//   - BackOffRetry must not be given the option: if its context ends while it waits for
//     the next attempt, it closes its channel twice, and that panic ends the process. Give
//     the option to the source and to the operators behind it, or use operators.Retry
//     before the crossing.
//   - WindowWithCount keeps a goroutine until the window that it was filling is read to
//     its end.
//   - BufferWithTimeOrCount now and then keeps a goroutine, although it was cancelled.
//   - WindowWithTime and WindowWithTimeOrCount keep goroutines if nobody reads their
//     windows.
//   - Range does not close its channel when it is cancelled. Leaving it takes 100 ms.
//   - Never, FromChannel, FromEventSource and Connect cannot be told that one reader has
//     left.
//
// Without FromFunc and Scope, end an RxGo chain by giving rxgo.WithContext to its last
// operator and cancelling it. The lazy operators (Map, Filter, Take, Skip, Scan,
// Distinct, BufferWithCount and most others) pass that context up. FlatMap,
// TimeInterval, Debounce and the operators with a time span look only at the context
// that they were built with. Merge, Concat, CombineLatest, Amb, Retry, StartWith, Sample,
// GroupBy, GroupByDynamic, Zip, Serialize and SequenceEqual do so too, and subscribe when
// they are built. Join passes no context up. The results of all but the lazy operators
// can be observed only once, and so can each Single.
//
// # What RxGo does with items
//
// RxGo treats nil items specially: Debounce, DistinctUntilChanged and CombineLatest take
// them for no item. A panic in a function given to an RxGo operator ends the process,
// since it happens on a goroutine of RxGo.
//
// A stream, an observable or a function that is nil panics where it is given, with the name
// of the function and the argument.
package rx
