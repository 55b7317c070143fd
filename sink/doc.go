// Package sink ends streams: it collects, calls, writes, commits, and publishes to
// browsers.
//
// A sink is a function that subscribes to an [rxsse.Observable], blocks until the
// stream ends, and returns nil on completion and otherwise the first error: the
// stream's own, the cause of a cancelled context, or what went wrong in the sink.
// When it returns, everything the stream owned is gone.
//
//	err := sink.ForEach(ctx, prices, func(p Price) error { … })
//
// # Which sink
//
//   - call a function: [ForEach] with each item, [ForEachBatch] with all that have
//     come
//   - have one value, or all: [First], [Last], [Reduce], [Collect], [CollectN]
//   - select on items: [Channel]
//   - write to an [io.Writer]: [Lines], [NDJSON], [Write] in any format
//   - keep items on disk: [OpenNDJSON] and [OpenEvents] open a [File], which
//     survives crashes and rotates
//   - go on where the program was stopped: [Commit]
//   - publish to browsers: [Broadcaster]
//   - several of them at once: [Tee], and [Isolated] for one that may fail alone
//
// A stream of RxGo is consumed by them too, once rx.From or rx.FromFunc has made an
// Observable of it.
package sink
