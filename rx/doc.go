// Package rx is the bridge between [rxsse.Observable] and RxGo v2, in both directions:
//
//	ToRxGo     to RxGo     a stream with the whole RxGo API, cold or published
//	From       from RxGo   a cold RxGo observable as a typed stream
//	FromFunc   from RxGo   a chain, built for each range, as a typed stream
//	FromHot    from RxGo   a hot RxGo observable as a typed stream
//	Scope      in RxGo     a chain that stops its sources when it ends
//
// No other package of the module imports RxGo, so programs that do not import this one do
// not link it. docs/rxgo.md shows each kind of RxGo program before and after.
//
// # Which function
//
//   - RxGo operators in a typed program: [FromFunc]. It leaks nothing, except as listed
//     below, and can be ranged over repeatedly.
//   - An RxGo observable made by another part of the program: [From] if it is cold,
//     [FromHot] if it is published or an event source.
//   - A flow that stays in RxGo: [ToRxGo] if it ends with a context of yours, [Scope] if it
//     ends by itself (Take, First, an error).
//   - Several RxGo observers of one stream: [ToRxGo] with [rxgo.WithPublishStrategy] if all
//     of them stay until the end. RxGo cannot unsubscribe, so if observers come and go,
//     share the stream before converting it, see below.
//
// This is FromFunc as an operator:
//
//	batches := func(ctx context.Context) iter.Seq2[[]any, error] {
//		return rx.FromFunc[[]any](func(opt rxgo.Option) rxgo.Observable {
//			return rx.ToRxGo(ctx, prices, opt).BufferWithCount(100, opt)
//		})(ctx)
//	}
//
// An RxGo operator costs tens of times as much per item as one of ours: process the items
// first, and convert the results.
//
// # Many observers
//
// If observers may leave, share the stream, and convert it once for each observer, whose
// context then ends its subscription:
//
//	shared := operators.Replay(prices, 100, 16, operators.OverflowDropOldest)
//	rx.ToRxGo(ctx, shared).Map(f, rxgo.WithContext(observer)).DoOnNext(g, rxgo.WithContext(observer))
//
// Use Replay rather than Share: RxGo subscribes on its own goroutine, some time after
// DoOnNext has returned, and Share would lose the items until then. For a known number of
// observers, Share with operators.MinSubscribers loses nothing. The overflow policy decides
// what happens with a slow observer: OverflowBlock slows all of them to its pace; with the
// other policies only the slow one misses items or fails. Without WithContext, an observer
// that stops reading stays subscribed until the context given to ToRxGo ends.
//
// # How a chain is stopped
//
// RxGo never stops an upstream: when Take, First or an error ends a chain, or its reader
// leaves, everything upstream continues until a context ends, and many operators pass no
// context upstream, or send without watching one. So when a range over From or FromFunc or
// a Scope ends, this package stops the sources made with [ToRxGo]. The chain then completes
// from its sources down, and this package reads and drops the items that it still sends. It
// then cancels the context in the option, for chains with sources of RxGo. All of this
// takes at most 100 ms.
//
// This works for chains in which every source and operator was given the option. The
// exceptions:
//
//   - Merge, Concat, Amb, CombineLatest, Zip, Sample, StartWith, Join and TimeInterval over
//     sources of RxGo (Interval, Defer, FromChannel), if another operator follows: they
//     send without watching a context, and the operator that follows is cancelled at the
//     same time. Wrap them in a separate Scope.
//   - The same operators over any sources, if an operator that follows ends first, as Take
//     and First do: it stops reading, and they block forever on their next item. End the
//     range instead, for example with operators.Take, or wrap them in a separate Scope.
//   - BackOffRetry must not be given the option: if its context ends while it waits for the
//     next attempt, it closes its channel twice, and the panic ends the process. Give the
//     option to its source and to the operators after it, or use operators.Retry before
//     converting the stream.
//   - WindowWithCount keeps a goroutine until the window that it was filling is read to its
//     end.
//   - BufferWithTimeOrCount occasionally leaves a goroutine behind even when it is
//     cancelled.
//   - WindowWithTime and WindowWithTimeOrCount keep goroutines if their windows are not
//     read.
//   - Range does not close its channel when it is cancelled. Leaving it takes 100 ms.
//   - Never, FromChannel, FromEventSource and Connect cannot be stopped for a single
//     reader.
//
// Without FromFunc and Scope, end an RxGo chain by giving rxgo.WithContext to its last
// operator and cancelling that context. The lazy operators (Map, Filter, Take, Skip, Scan,
// Distinct, BufferWithCount and most others) pass it upstream. FlatMap, TimeInterval,
// Debounce and the operators with a time span use only the context that they were built
// with. So do Merge, Concat, CombineLatest, Amb, Retry, StartWith, Sample, GroupBy,
// GroupByDynamic, Zip, Serialize and SequenceEqual, which also subscribe when they are
// built. Join passes no context upstream. Only the results of lazy operators can be
// observed more than once; a Single can be observed once.
//
// # What RxGo does with items
//
// RxGo's Debounce, DistinctUntilChanged and CombineLatest ignore nil items. A panic in a
// function given to an RxGo operator ends the process, because it happens on a goroutine of
// RxGo.
//
// All functions panic at once if they are given a nil stream, observable or function; the
// message names the function and the argument.
package rx
