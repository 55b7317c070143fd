// Package sink consumes streams: it collects items, passes them to functions, writes them
// to files and connections, saves positions, and publishes events to browsers.
//
// A sink subscribes to an [rxsse.Observable], blocks until the stream ends, and returns nil
// on completion. Otherwise it returns the first error: that of the stream, the cause of a
// cancelled context, or its own. When it returns, the stream has ended and released its
// resources.
//
//	err := sink.ForEach(ctx, prices, func(p Price) error { … })
//
// # Which sink
//
//   - call a function: [ForEach] with each item, [ForEachBatch] with all items that have
//     arrived
//   - get one value, or all: [First], [Last], [Reduce], [Collect], [CollectN]
//   - select on items: [Channel]
//   - write to an [io.Writer]: [Lines], [NDJSON], or [Write] for any format
//   - keep items on disk: [OpenNDJSON] and [OpenEvents] open a [File], which survives
//     crashes and rotates
//   - resume after a restart: [Commit], or [Transact] with a database
//   - answer one HTTP request with a stream: [Serve]
//   - publish to many browsers: [Broadcaster]
//   - use several sinks at once: [Tee], with [Isolated] for a sink whose failure should not
//     end the others
//
// An invalid argument, such as a nil stream or function or a negative number, panics; the
// message names the sink and the argument.
//
// To use a sink with an RxGo observable, convert it with rx.From or rx.FromFunc.
package sink
