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
// [SSE] and [Client.Observe] return a cold stream: each range over it sends a request of
// its own, and the end of the range ends the response before control returns. The stream
// outlives its connections. When one ends, the client waits for the reconnection time (3
// seconds, or the time that the server sets with "retry:") and connects again, with the
// last event ID that it has seen. A server that keeps its events goes on from there, and
// nothing is lost or repeated. While attempts fail
// it waits longer each time, up to 30 seconds. Every wait is spread at random over half its
// length, so that the clients of a server that restarts do not return all at once;
// [WithBackoff] sets all of that.
//
// A request other than GET and HEAD is sent again only until the server has accepted it:
// see [WithReconnect].
//
// # How a stream ends
//
//   - It completes when the server answers 204 No Content: that asks a client not to
//     connect again.
//   - It fails with an [Error] when trying again cannot help: with another status than
//     200 (but 408, 425, 429 and 5xx except 501 and 505 are tried again, after the time
//     that Retry-After says), a content type that is not text/event-stream, a content
//     encoding other than gzip, redirects in a circle, a certificate that is not trusted,
//     an event larger than [WithMaxEventSize] allows, or a request that can never be sent.
//     [WithRetryIf] may decide otherwise.
//   - It ends with the cause of its context when that is cancelled, at once, also
//     while it connects, waits or reads.
//   - With [WithMaxAttempts] or Backoff.GiveUpAfter it fails when attempts have failed that
//     often, or for that long, in a row.
//   - With [ReconnectUntilAccepted] or [ReconnectNever] it ends with its first response.
//
// By default nothing ends a stream whose server cannot be reached: it tries for ever.
// Use [WithLogger], [WithTrace] and [WithMeter] to see what it does meanwhile.
//
// # Sessions
//
// To learn at once whether the server accepts, or to see its answer, open a [Session] with
// [Client.Open]. [Client.Use] closes it at the end of a function.
//
// # Replicas
//
// If several servers have the same events with the same IDs, a stream can go over from one
// to another and resume there. [WithPrepare] chooses the server of each attempt; its example
// is a failover.
//
// # Silence
//
// A connection whose other end has vanished looks like one on which nothing happens. If
// the server sends heartbeats, [WithIdleTimeout] detects the difference. Over HTTP/2 the
// default client also pings the server, see [WithHTTPClient].
//
// # Across restarts
//
// With [WithCheckpoint] a stream begins after the event whose ID was saved. A sink saves it
// once the work for that event is done, and [FileCheckpoint] keeps it on disk. Events whose
// work was not saved are delivered again. Within one stream, [WithDeduplication] drops
// events that the server repeats.
//
// # Tests
//
// Package ssetest provides a server that follows a script: it breaks connections, stays
// silent, or repeats events. In a [testing/synctest] bubble that takes no time.
package source
