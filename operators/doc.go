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
//   - decode events: EventType, DecodeJSON, Decode, with SkipInvalid; encode items:
//     EncodeJSON, EncodeMessages
//   - change the values of messages and keep their positions: MapValue, FlatMapValue
//   - choose items: Filter, Take, TakeWhile, TakeUntil, TakeLast, Skip, SkipWhile,
//     SkipUntil, First, Last, ElementAt, Distinct, DistinctWithin,
//     DistinctUntilChanged, DistinctUntilChangedFunc
//   - slow a stream down: Debounce and DebounceMax (the last of a burst), Throttle
//     (the first), ThrottleLatest (the first and the last), Audit (the last, at most
//     one each d), Sample (at fixed times), RateLimit (all of them), Delay
//   - group items: Window delivers them, Aggregate folds them, AggregateBy folds them by
//     key; GroupBy for a stream a key, with MaxGroups; Reduce for all items
//   - windows: Tumbling and Sliding, with Offset and In; BySession; ByCount,
//     BySlidingCount, ByWeight and ByLast, with Within and AtMost; by the clock or, with
//     EventTime, by the time that items carry; with WithEarlyEvery, WithEarlyAfter and
//     WithState
//   - a stream for each item: ConcatMap, MergeMap, SwitchMap, ExhaustMap
//   - combine streams: Merge, MergeDelayError, Concat, StartWith, Zip, ZipAll,
//     CombineLatest, CombineLatestAll, WithLatestFrom, Race
//   - share one subscription: Share, Replay, with MinSubscribers and GracePeriod
//   - let a stream run ahead of a slow consumer: Buffer, which waits, drops or fails
//     when it is full, with CountDropped
//   - work on many items at once: Parallel, ParallelUnordered
//   - deal with the end: CompleteAt, Timeout, TimeoutFirst, Retry, Catch,
//     OnErrorReturn, DefaultIfEmpty, TapEnd, Finally, Materialize, Dematerialize
//
// # Diagrams
//
// A diagram shows a stream from left to right: "-" is a moment in which nothing
// happens, a letter or number is an item, "|" is completion, "#" an error, "!" a
// cancellation, and "(ab|)" happens in one moment. Durations count moments. Package
// marble runs such diagrams in tests.
//
// # How streams end
//
// The comment of an operator says "it ends as src does" if:
//
//   - On completion of src, it completes.
//   - On an error of src, it delivers that error after all items that came before.
//   - On cancel, it ends with the cause of the context and drops what it holds. That
//     is the case too if the context is cancelled while the consumer has the last
//     item.
//
// An operator of several streams says "it ends as Merge does": when one of them fails, it
// cancels the others and delivers that error after the items that arrived before it.
//
// Nothing follows an error: an operator stops its upstream there, also if the consumer
// would go on. An upstream that goes on although yield has returned false is a fault, at
// which Go's range statement panics. Asynchronous operators, Catch, OnErrorReturn, Retry,
// Window, Aggregate and AggregateBy ignore what it delivers.
//
// In every case, an operator has released its upstreams, and all that it started
// itself, when the range over it ends: also when the consumer leaves the range, or
// panics. There is one exception, on request: with [GracePeriod], Share and Replay keep
// their upstream for that time after the last subscriber.
//
// # Positions
//
// Items that know where their stream resumes, such as events and messages, keep that
// position through operators that keep the order of items. Merge, MergeDelayError,
// MergeMap, ParallelUnordered and GroupBy change the order, so they make the position of
// each item unknown: its ResumeID becomes "", see [codec.Resumable]. They panic when built
// if the item's type has ResumeID and no ClearResumeID.
//
// # Synchronous operators
//
// A comment says "Synchronous" if the operator is a plain nested call on the
// consumer's goroutine. It starts no goroutine and allocates nothing per item. It holds
// nothing, unless its comment says what. The consumer sets the pace: src waits until
// the consumer has taken an item.
//
// # Asynchronous operators
//
// Other operators have to watch a clock, or several upstreams, at once. They run each
// upstream on a goroutine of its own and take its items through a queue. Unless a
// comment says otherwise, that queue holds at most 256 items, besides as many that the
// consumer is working on, and while it is full the upstreams wait. A queue of events,
// texts, byte slices or messages with such a value is also full when it holds 16 MiB of
// them, that of [Buffer] too. Other items, such as messages with a value of your own type,
// are counted and not weighed.
// Windows have no limit in bytes either, unless they are [ByWeight].
//
// Operators that deliver only the newest item, such as [Debounce], hold that one and
// never make their upstream wait.
//
// Time is decided by deadlines, not by the order in which the scheduler runs
// goroutines, so a tie gives the same result on every run.
//
// # Start of several streams
//
// An operator with several upstreams starts them in the order of its arguments, the
// notifier of TakeUntil and SkipUntil first. Each one starts when those before it have
// ended or wait for something. In virtual time that is exact: an upstream that delivers
// without waiting, such as source.Just, has delivered before the next one starts. In real
// time nothing shows that a goroutine waits, so the next upstream starts once those before it
// have delivered nothing for some turns of the scheduler, and after ten milliseconds
// at most. That is enough for an upstream that only delivers. If it computes for some
// microseconds before an item, or the processors are busy, the next one may start
// early. Where an item must come first, put it into the stream: [StartWith], [Concat],
// or the options of [Share].
//
// # Panics
//
// A panic in a function that an operator calls reaches the consumer: as it is from a
// synchronous operator, and as a [rxsse.PanicError] from another goroutine.
//
// An argument that cannot work, such as a nil stream or function or a window of no
// length, panics when the operator is built, with the name of the operator and the
// argument.
package operators
