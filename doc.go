// Package rxsse is the root of a library that turns a reconnecting Server-Sent
// Events (SSE) stream into a typed observable, builds pipelines on it from
// composable operators, and hands the results to sinks:
//
//	events := source.SSE("https://stream.example/prices")
//	prices := operators.DecodeJSON[Price](operators.EventType(events, "price"))
//	latest := operators.Debounce(prices, 50*time.Millisecond)
//	err := sink.ForEach(ctx, latest, func(p Price) error { return show(p) })
//
// This package holds the one type that the others share, [Observable], and the
// contract it keeps. The other packages:
//
//   - codec: the SSE wire format, and payload codecs such as JSON
//   - source: where streams begin: the SSE client, slices, channels, functions
//   - source/ssetest, marble: for tests: a scriptable server, streams drawn as text
//   - operators: functions that turn one stream into another
//   - sink: where streams end: collect, call, write
//   - rx: the bridge to and from RxGo v2
//   - metrics: what streams have done, for Prometheus, OpenTelemetry and others
//   - otel, prometheus: modules of their own, metrics and spans
//   - rxro, jetstream: modules of their own, a bridge to samber/ro and scale-out with NATS
//
// # The contract
//
// Every source, operator and bridge of this module keeps these rules. Your own should keep
// them too.
//
//  1. Cold. Nothing runs before the range statement, and each range is a new,
//     independent subscription.
//  2. Grammar. Any number of (v, nil), then at most one (zero, err), then the
//     end. Nothing follows an error.
//  3. Three ends. Completion is the end without an error; a cancelled context
//     ends the stream promptly with [context.Cause] as its error; a break by the
//     consumer ends it silently.
//  4. One goroutine. yield is called only on the goroutine that ranges.
//  5. Ownership. A subscription owns its goroutines, timers and connections. When
//     the range ends, also by a panic of the consumer, they are gone before
//     control returns. The one exception is operators.GracePeriod, for the time
//     that it sets.
//  6. Backpressure. A source waits until yield has returned. An operator that
//     needs a second goroutine (for time, or to merge) has a bounded queue
//     between the two, and the producer waits while it is full unless the
//     operator documents otherwise.
//  7. Panics in functions given to an operator reach the ranging goroutine, as
//     they are or, from another goroutine, as a [PanicError].
//  8. Synchronous operators start no goroutine and allocate nothing per item.
//  9. An Observable may be subscribed to from many goroutines at once.
//  10. Timed operators decide by deadline and not by the order in which the
//     scheduler runs goroutines, so ties give the same result on every run.
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
package rxsse
