// Package operators turns streams into other streams.
//
// An operator is a function that takes an [rxsse.Observable] first and returns
// one, so that Go infers every type and a pipeline reads from top to bottom:
//
//	prices := operators.DecodeJSON[Price](operators.EventType(events, "price"))
//	latest := operators.Debounce(prices, 50*time.Millisecond)
//	windows := operators.Window(latest, operators.Tumbling(time.Second))
//
// A pipeline that is used twice is a Go function from Observable to Observable.
// Building one runs nothing; ranging over it does.
//
// # Which operator
//
//   - change each item: Map, TryMap, Scan, Pairwise, Tap, Timestamp, TimeInterval
//   - decode events: EventType, DecodeJSON, Decode; encode items: EncodeJSON,
//     EncodeMessages
//   - change the values of messages and keep their positions: MapValue, FlatMapValue
//   - choose items: Filter, Take, TakeWhile, TakeUntil, TakeLast, Skip, SkipWhile,
//     SkipUntil, First, Last, ElementAt, Distinct, DistinctWithin,
//     DistinctUntilChanged, DistinctUntilChangedFunc
//   - slow a stream down: Debounce and DebounceMax (the last of a burst), Throttle
//     (the first), ThrottleLatest (the first and the last), Audit (the last, at most
//     one each d), Sample (at fixed times), RateLimit (all of them), Delay
//   - group items: Window delivers them, Aggregate folds them, AggregateBy folds
//     them by key, over the windows that Tumbling, Sliding, Session, Count and
//     CountOrTime assign, by the clock or, with EventTime, by the time items carry;
//     GroupBy for a stream a key; Reduce for all items
//   - a stream for each item: ConcatMap, MergeMap, SwitchMap
//   - combine streams: Merge, Concat, StartWith, Zip, CombineLatest,
//     WithLatestFrom, Race
//   - share one subscription: Share, Replay
//   - let a stream run ahead of a slow consumer: Buffer, which waits, drops or fails
//     when it is full
//   - work on many items at once: Parallel, ParallelUnordered
//   - deal with the end: CompleteAt, Timeout, TimeoutFirst, Retry, Catch,
//     OnErrorReturn, DefaultIfEmpty, TapEnd, Finally, Materialize, Dematerialize
//
// # Synchronous operators
//
// Where the documentation of an operator says that it runs on the consumer's
// goroutine, it is a plain nested call. It starts no goroutine, holds at most what
// its documentation says, and passes backpressure straight on: the source does not
// read on until the consumer has returned.
//
// # Asynchronous operators
//
// Others have to watch a clock, or several upstreams, at once. They run each
// upstream on a goroutine of its own, which is gone before the range over the
// result ends, and take its items through a queue of at most 256 items, besides
// those being delivered; while it is full the upstream waits. Operators that want
// the newest item alone, such as Debounce, hold that one and never make their
// upstream wait.
//
// # How streams end
//
// Unless the documentation of an operator says otherwise: it completes when its
// upstream does; an error of its upstream is delivered after all that came before
// it, and is the last thing delivered; and when the context is cancelled, the
// error is its cause and whatever was held back is dropped. A panic in a function
// given to an operator reaches the consumer, see [rxsse.PanicError].
//
// Impossible arguments, such as a window of no length, panic when the operator is
// built.
package operators
