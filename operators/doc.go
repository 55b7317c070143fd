// Package operators turns streams into other streams.
//
// An operator is a function that takes an [rxsse.Observable] as its first argument and
// returns one, so that Go infers every type and a pipeline reads from top to bottom:
//
//	prices := operators.DecodeJSON[Price](operators.EventType(events, "price"))
//	latest := operators.Debounce(prices, 50*time.Millisecond)
//	windows := operators.Window(latest, operators.Tumbling(time.Second))
//
// A reusable pipeline is a Go function from Observable to Observable. Building a pipeline
// runs nothing; ranging over it does.
//
// # Which operator
//
//   - change each item: Map, TryMap, Scan, Pairwise, Tap, Timestamp, TimeInterval
//   - decode events: EventType, DecodeJSON, Decode, with SkipInvalid; encode items:
//     EncodeJSON, EncodeMessages
//   - change the values of messages and keep their positions: MapValue, FlatMapValue
//   - choose items: Filter, Take, TakeWhile, TakeUntil, TakeLast, Skip, SkipWhile,
//     SkipUntil, First, Last, ElementAt, Distinct, DistinctWithin, DistinctUntilChanged,
//     DistinctUntilChangedFunc
//   - slow a stream down: Debounce and DebounceMax (the last item of a burst), Throttle
//     (the first), ThrottleLatest (the first and the last), Audit (the last, at most one
//     every d), Sample (the newest, at fixed times), RateLimit (all of them), Delay
//   - group items: Window delivers them, Aggregate folds them, AggregateBy folds them by
//     key; GroupBy makes a stream for each key, with MaxGroups; Reduce folds all items
//   - windows: Tumbling and Sliding, with Offset and In; BySession; ByCount,
//     BySlidingCount, ByWeight and ByLast, with Within and AtMost; by the clock or, with
//     EventTime, by the time that items carry; with WithEarlyEvery, WithEarlyAfter and
//     WithState
//   - a stream for each item: ConcatMap, MergeMap, SwitchMap, ExhaustMap
//   - combine streams: Merge, MergeDelayError, Concat, StartWith, Zip, ZipAll,
//     CombineLatest, CombineLatestAll, WithLatestFrom, Race
//   - share one subscription: Share, Replay, with MinSubscribers and GracePeriod
//   - let a stream run ahead of a slow consumer: Buffer, which waits, drops or fails when
//     it is full, with CountDropped
//   - work on many items at once: Parallel, ParallelUnordered
//   - deal with the end: CompleteAt, Timeout, TimeoutFirst, Retry, Catch, OnErrorReturn,
//     DefaultIfEmpty, TapEnd, Finally, Materialize, Dematerialize
//
// # Diagrams
//
// A diagram shows a stream from left to right. Each character is a moment: "-" means that
// nothing happens, a letter or number is an item, "|" is completion, "#" an error, "!" a
// cancellation. A group such as "(ab|)" happens in one moment. Durations are in moments.
// Package marble runs such diagrams in tests.
//
// # How streams end
//
// An operator documented as "it ends as src does" behaves as follows:
//
//   - When src completes, it completes.
//   - When src fails, it delivers the error after all earlier items.
//   - On cancel, it ends with the cause of the context and drops what it holds, even if the
//     context is cancelled while the consumer processes the last item.
//
// An operator on several streams is documented as "it ends as Merge does": when one of them
// fails, it cancels the others and delivers the error after the items that arrived before
// it.
//
// Nothing follows an error: an operator then stops its upstream, even if the consumer would
// continue. An upstream that continues after yield has returned false is broken, and Go's
// range statement panics. Asynchronous operators, Catch, OnErrorReturn, Retry, Window,
// Aggregate and AggregateBy ignore what it delivers instead.
//
// However the range over it ends, an operator has then released its upstreams and
// everything it started itself, even if the consumer leaves the range or panics. The one
// exception is [GracePeriod], which makes Share and Replay keep their upstream for a time
// after the last subscriber.
//
// # Positions
//
// Items that know where their stream resumes, such as events and messages, keep that
// position through operators that keep the order of items. Merge, MergeDelayError,
// MergeMap, ParallelUnordered and GroupBy change the order, so they make the position of
// each item unknown: its ResumeID becomes "", see [codec.Resumable]. They panic when they
// are built if the item's type has a method ResumeID but no ClearResumeID.
//
// # Synchronous operators
//
// An operator documented as "Synchronous" is a plain nested call on the consumer's
// goroutine. It starts no goroutine, allocates nothing per item, and holds no items unless
// its documentation says which. The consumer sets the pace: src waits until the consumer
// has taken an item.
//
// # Asynchronous operators
//
// Other operators have to watch a clock or several upstreams. They run each upstream on its
// own goroutine and take its items through a queue. Unless documented otherwise, the queue
// holds at most 256 items, in addition to up to 256 taken from it and not yet delivered,
// and the upstreams wait while it is full. A queue of events, strings, byte slices or
// messages with such values, that of [Buffer] included, is also full when it holds 16 MiB
// of them. The size of other items, such as messages with values of your own types, is not
// considered. Windows have no limit in bytes either, except [ByWeight].
//
// Operators that deliver only the newest item, such as [Debounce], hold only that one and
// never make their upstream wait.
//
// Operators decide by deadlines, not by the order in which the scheduler runs goroutines,
// so a tie gives the same result on every run.
//
// # Start of several streams
//
// An operator with several upstreams starts them in the order of its arguments, the
// notifier of TakeUntil and SkipUntil first. Each one starts when those before it have
// ended or are blocked. In the virtual time of testing/synctest this is exact: an upstream
// that delivers without blocking, such as source.Just, has delivered everything before the
// next one starts. An upstream that has several upstreams itself, such as a Merge in a
// Merge, is blocked only once all of them have started. In real time a blocked goroutine
// cannot be detected, so the next upstream starts once those before it have delivered
// nothing for some turns of the scheduler, and after ten milliseconds at most. That is
// enough for an upstream that only delivers items. If it computes for microseconds before
// an item, or the processors are busy, the next one may start early. To make sure that an
// item comes first, use [StartWith], [Concat], or MinSubscribers.
//
// # Panics
//
// A panic in a function that an operator calls reaches the consumer: unchanged if the
// operator is synchronous, and as a [rxsse.PanicError] if the function ran on another
// goroutine.
//
// An invalid argument, such as a nil stream or function or a window of zero length, panics
// when the operator is built. The message names the operator and the argument.
package operators
