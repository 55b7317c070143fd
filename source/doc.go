// Package source provides sources of streams: a Server-Sent Events client that reconnects,
// and sources that need no network.
//
//	events := source.SSE("https://stream.example/prices")
//	for e, err := range events(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(e.Type, e.Data)
//	}
//
// # What the client does
//
// [SSE] and [Client.Observe] return a cold stream: each range over it sends its own
// request, and when the range ends, the response is closed before control returns. The
// stream outlives its connections. When one ends, the client waits for the reconnection
// time (3 seconds, or the time that the server sets with "retry:") and connects again, with
// the last event ID it has seen. A server that keeps its events continues from there, and
// nothing is lost or repeated. While attempts fail, each wait is twice as long as the one
// before, up to 30 seconds. A random extra of up to half its length is added to every wait,
// so that the clients of a restarted server do not all return at once. [WithBackoff]
// changes all of this.
//
// A request other than GET or HEAD is sent again only until the server has accepted it, see
// [WithReconnect].
//
// # How a stream ends
//
//   - It completes when the server answers 204 No Content, which asks clients not to
//     reconnect.
//   - It fails with an [Error] when trying again cannot help: a status other than 200
//     (except 408, 425, 429 and 5xx other than 501 and 505, which are tried again, after
//     Retry-After if the server sends it), a content type other than text/event-stream, a
//     content encoding other than gzip, a redirect loop, a certificate that is not trusted,
//     an event larger than [WithMaxEventSize] allows, or a request that can never be sent.
//     [WithRetryIf] can decide otherwise.
//   - It ends with the cause of its context when that is cancelled, at once, even while it
//     connects, waits or reads.
//   - With [WithMaxAttempts] or Backoff.GiveUpAfter, it fails after that many attempts, or
//     that much time, without a healthy connection.
//   - With [ReconnectUntilAccepted] or [ReconnectNever] it ends with its first response.
//
// By default, a stream whose server cannot be reached tries forever. Use [WithLogger],
// [WithTrace] and [WithMeter] to see what it does.
//
// # Sessions
//
// To learn at once whether the server accepts, or to see its answer, open a [Session] with
// [Client.Open]. [Client.Use] closes it at the end of a function.
//
// # Replicas
//
// If several servers have the same events with the same IDs, a stream can switch from one
// to another and resume there. [WithPrepare] chooses the server of each attempt; its
// example is a failover.
//
// # Silence
//
// A connection whose peer has vanished looks like a silent one. If the server sends
// heartbeats, [WithIdleTimeout] notices when they stop. Over HTTP/2 the default client also
// pings the server, see [WithHTTPClient].
//
// # Across restarts
//
// With [WithCheckpoint], a stream begins after the event whose ID was saved. A sink saves
// it once the work for that event is done, and [FileCheckpoint] keeps it on disk. Events
// after the saved one are delivered again. Within one stream, [WithDeduplication] drops
// events that the server repeats.
//
// # Tests
//
// Package ssetest provides a scripted server that breaks connections, stays silent or
// repeats events. In a [testing/synctest] bubble this takes no time.
package source
