// Package rx is the bridge between [rxsse.Observable] and RxGo v2, both ways:
//
//	ToRxGo      ours to RxGo   the whole RxGo API on one of our streams
//	From        RxGo to ours   an RxGo Observable as a typed stream
//	FromFunc    RxGo to ours   the same for a chain built anew for each range
//	Scope       within RxGo    a chain whose end stops its source
//
// It is the only package of the module that imports RxGo, so programs that do not
// use it do not link RxGo.
//
// # Which form
//
// For RxGo operators in a typed program, go through RxGo inside a [FromFunc]. It
// leaks nothing and can be ranged over again:
//
//	batches := func(ctx context.Context) iter.Seq2[[]any, error] {
//		return rx.FromFunc[[]any](func(opt rxgo.Option) rxgo.Observable {
//			return rx.ToRxGo(ctx, prices, opt).BufferWithCount(100, opt)
//		})(ctx)
//	}
//
// For an RxGo Observable that somebody else has made, use [From].
//
// For a flow that stays in RxGo, use [ToRxGo] where the flow ends with the
// context that you give it, and [Scope] where it ends by itself (Take, First, an
// error) and the source has to stop then.
//
// An item costs tens of times as much in an RxGo operator as in one of ours: put
// what is done to each item before the crossing, and cross with the results.
//
// # What RxGo leaks
//
// RxGo never stops an upstream: when Take, First or an error ends a chain, or its
// reader leaves, everything above goes on, until a context says otherwise. And
// many operators do not look at one, or do not pass it up. This package keeps its
// own side clean: once the context given to [ToRxGo] or [Scope], or that of a
// range over [From] or [FromFunc], has ended, no goroutine of this package is left
// after 100 ms, and the source has been closed. What is left of RxGo:
//
//	Map, Filter, Take, Skip, Scan,    cancelled by the context given to the last of
//	Distinct, BufferWithCount, most   them; otherwise blocked for ever in a send
//	others, and Single results        once their reader has left. A Single can be
//	                                  observed only once
//	FlatMap, TimeInterval, Debounce,  look only at the context given to them, not
//	BufferWithTime, WindowWithTime,   at one given further down. They can be
//	BufferWithTimeOrCount,            observed only once
//	WindowWithTimeOrCount
//	Merge, Concat, CombineLatest,     subscribe when they are built, and again look
//	Amb, Retry, StartWith, Sample,    only at the context given to them. They can
//	GroupBy, GroupByDynamic, Zip,     be observed only once
//	Serialize, SequenceEqual
//	Join                              passes no context up at all
//	WindowWithCount                   blocked until the window that it was filling
//	                                  is read to its end
//	BufferWithTimeOrCount             blocked now and then, although cancelled
//	WindowWithTime,                   lock themselves out when they are cancelled
//	WindowWithTimeOrCount             while nobody reads their windows
//	Range, GroupBy                    do not close their channel when cancelled: to
//	                                  leave them costs the full 100 ms
//	Never, FromChannel, Interval,     cannot be told that one reader has left
//	FromEventSource, Connect
//	BackOffRetry                      panics when its context ends, which ends the
//	                                  process: retry before the crossing
//
// What to do about it:
//
//   - Take, filter and retry before the crossing, with package operators.
//   - End a chain with [From], [FromFunc] or [Scope] rather than with RxGo's
//     terminal methods, or give those rxgo.WithContext and cancel it.
//   - In FromFunc and Scope give the option to every RxGo function and operator,
//     and to each [ToRxGo]. What is in the first groups is then gone when the
//     range returns, Join included.
//   - To share a stream between RxGo readers, share it before the crossing:
//     publish and connect do not work on what [ToRxGo] returns, because
//     RxGo's Defer ignores them.
//
// RxGo itself treats nil items specially (Debounce, DistinctUntilChanged and
// CombineLatest take them for no item), and a panic in a function given to one of
// its operators ends the process, since it happens on a goroutine of RxGo.
package rx
