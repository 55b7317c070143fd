// Package rxsse is the root of a library for Server-Sent Events (SSE). It turns a
// reconnecting SSE stream into a typed observable; operators build pipelines on it, and
// sinks consume the results:
//
//	events := source.SSE("https://stream.example/prices")
//	prices := operators.DecodeJSON[Price](operators.EventType(events, "price"))
//	latest := operators.Debounce(prices, 50*time.Millisecond)
//	err := sink.ForEach(ctx, latest, func(p Price) error { return show(p) })
//
// This package defines the type that all others share, [Observable], and its contract. The
// other packages:
//
//   - codec: the SSE wire format, and payload codecs such as JSON
//   - source: where streams begin: the SSE client, slices, channels, functions
//   - source/ssetest, marble, rxssetest: for tests: a scriptable server, streams drawn as
//     text, a checker of the contract below
//   - operators: functions that turn one stream into another
//   - sink: where streams end: collect, call, write
//   - rx: the bridge to and from RxGo v2
//   - metrics: metrics of streams, for Prometheus, OpenTelemetry and others
//   - otel, prometheus: separate modules that export metrics and spans
//   - rxro, jetstream: separate modules: a bridge to samber/ro, and scale-out with NATS
//
// # The contract
//
// Every source and operator of this module keeps these rules, and so should yours. Package
// rxssetest checks them.
//
//  1. Cold. Nothing runs until the stream is ranged over, and each range is a new,
//     independent subscription.
//  2. Grammar. Any number of (v, nil), then at most one (zero, err), then the end. Nothing
//     follows an error.
//  3. Three ends. Completion is the end without an error. Cancelling the context ends the
//     stream promptly with [context.Cause] as its error. A break by the consumer ends it
//     silently.
//  4. One goroutine. yield is called only on the goroutine that ranges.
//  5. Ownership. A subscription owns its goroutines, timers and connections. However the
//     range ends, even by a panic in the consumer, they are gone before control returns.
//     The exceptions are operators.GracePeriod, for the time it sets, and what packages rx
//     and rxro say about goroutines of the other library.
//  6. Backpressure. A source does not produce the next item until yield returns. An
//     operator that needs a second goroutine (for time, or to merge) has a bounded queue
//     between the two, and the producer waits while it is full unless the operator
//     documents otherwise.
//  7. Panics. A panic in a function given to an operator reaches the ranging goroutine:
//     unchanged if the function runs there, and otherwise as a [PanicError].
//  8. Cost. Synchronous operators start no goroutine and allocate nothing per item.
//  9. Concurrency. Many goroutines may subscribe to an Observable at once.
//  10. Time. Timed operators decide by deadlines, not by the order in which the scheduler
//     runs goroutines, so ties give the same result on every run.
//
// # Writing an operator
//
// An operator is an ordinary function from Observable to Observable:
//
//	func EveryOther[T any](src rxsse.Observable[T]) rxsse.Observable[T] {
//		return func(ctx context.Context) iter.Seq2[T, error] {
//			return func(yield func(T, error) bool) {
//				keep := false
//				for v, err := range src(ctx) {
//					if err != nil {
//						yield(v, err)
//						return
//					}
//					if keep = !keep; keep && !yield(v, nil) {
//						return
//					}
//				}
//			}
//		}
//	}
//
// # Writing a source
//
// A source opens for each subscription what it reads, and closes it when the range ends.
// It looks at the context before each item, because a reader can hold items that have
// arrived, and ends a read that waits when the context is cancelled:
//
//	func Lines(open func(context.Context) (io.ReadCloser, error)) rxsse.Observable[string] {
//		return func(ctx context.Context) iter.Seq2[string, error] {
//			return func(yield func(string, error) bool) {
//				r, err := open(ctx)
//				if err == nil {
//					defer r.Close()
//					stop := context.AfterFunc(ctx, func() { r.Close() }) // ends a Scan that waits
//					defer stop()
//					lines := bufio.NewScanner(r)
//					for ctx.Err() == nil && lines.Scan() {
//						if !yield(lines.Text(), nil) {
//							return
//						}
//					}
//					err = lines.Err()
//				}
//				if ctx.Err() != nil {
//					err = context.Cause(ctx)
//				}
//				if err != nil {
//					yield("", err)
//				}
//			}
//		}
//	}
//
// For a function that returns the next item, source.FromFunc is such a source.
package rxsse
