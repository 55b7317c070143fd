// Package sink ends streams: its functions collect items, call functions with them, write
// them to files and connections, save positions, and publish them to browsers.
//
// A sink subscribes to an [rxsse.Observable], blocks until the stream ends, and returns
// nil on completion. Otherwise it returns the first error: that of the stream, the cause
// of a cancelled context, or its own. When it returns, the stream has ended and released
// what it used.
//
//	err := sink.ForEach(ctx, prices, func(p Price) error { … })
//
// # Which sink
//
//   - call a function: [ForEach] with each item, [ForEachBatch] with all that have
//     arrived
//   - get one value, or all: [First], [Last], [Reduce], [Collect], [CollectN]
//   - select on items: [Channel]
//   - write to an [io.Writer]: [Lines], [NDJSON], or [Write] in any format
//   - keep items on disk: [OpenNDJSON] and [OpenEvents] open a [File], which survives
//     crashes and rotates
//   - resume after a restart: [Commit], or [Transact] with a database
//   - answer one HTTP request with a stream: [Serve]
//   - publish to many browsers: [Broadcaster]
//   - several of them at once: [Tee], with [Isolated] for a sink that may fail alone
//
// An argument that cannot work, such as a nil stream or function or a negative number,
// panics with the name of the sink and the argument.
//
// To use them with a stream of RxGo, turn it into an Observable with rx.From or
// rx.FromFunc.
package sink
