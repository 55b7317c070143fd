// Package source holds the beginnings of streams: a Server-Sent Events client that
// reconnects, and sources that need no network.
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
//   - It completes when the server answers 204 No Content, which is how a server
//     tells its clients to go away.
//   - It fails with an [Error] when trying again cannot help: with another status than
//     200 (but 408, 425, 429 and 5xx except 501 and 505 are tried again, after the time
//     that Retry-After says), a content type that is not text/event-stream, a content
//     encoding other than gzip, redirects in a circle, a certificate that is not trusted, an event larger than [WithMaxEventSize]
//     allows, or a request that can never be sent. [WithRetryIf] may decide otherwise.
//   - It ends with the cause of its context when that is cancelled, at once, also
//     while it connects, waits or reads.
//   - With [WithMaxAttempts] or Backoff.GiveUpAfter it fails when attempts have failed that
//     often, or for that long, in a row.
//   - With [WithReconnect] it may end with its first response.
//
// By default nothing ends a stream whose server cannot be reached: it tries for ever.
// [WithLogger] and [WithTrace] say what is going on meanwhile, [WithMeter] counts.
//
// # Sessions
//
// To learn at once whether the server accepts, or to see its answer, open a [Session] with
// [Client.Open]. [Client.Use] closes it at the end of a function.
//
// # Silence
//
// A connection whose other end has vanished looks like one that has nothing to say.
// Where the server sends heartbeats, [WithIdleTimeout] tells them apart. Over HTTP/2 the
// default client also pings the server, see [WithHTTPClient].
//
// # Across restarts
//
// With [WithCheckpoint] a stream begins where an earlier one was: after the event
// whose ID was saved, by a sink that has done its work. [FileCheckpoint] keeps that
// on a disk. An event may come a second time then, and [WithDeduplication] drops what
// a server repeats within one stream.
//
// # Tests
//
// Package ssetest is a server that does what a script says: breaks connections,
// is silent, repeats itself. In a [testing/synctest] bubble that takes no time.
package source
