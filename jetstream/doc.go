// Package jetstream scales a pipeline out with NATS JetStream. Only the two ends of the
// pipeline change. Run both in any number of programs:
//
//	log, err := jetstream.OpenLog(ctx, js, "trades", jetstream.LogConfig{}) // a stream with one subject
//	…
//	// One program at a time reads the feed. When it dies, another goes on where it stopped.
//	go jetstream.Ingest(ctx, js, jetstream.Group{Name: "ingest"}, jetstream.Feed{
//		Log: log,
//		Source: func(lastEventID string) rxsse.Observable[codec.Event] {
//			return source.SSE(url, source.WithLastEventID(lastEventID))
//		},
//	})
//	// An event is acknowledged when the loop asks for the next one.
//	workers := jetstream.Consumer{Stream: "trades", Durable: "billing", Partitions: []string{"trades"}}
//	for d, err := range jetstream.Consume(js, workers, codec.Text)(ctx) {
//		…
//	}
//
// js is a jetstream.JetStream of github.com/nats-io/nats.go/jetstream. The parts:
//
//	                 ┌ Ingest: one member at a time reads the feed
//	SSE server ───►  │ and appends its events to a Log
//	                 └ (a JetStream stream)
//	                                  │
//	        ┌─────────────────────────┼──────────────────────┐
//	        ▼                         ▼                      ▼
//	Consume: each partition   Work: the same, with    Log.Follow: every event,
//	belongs to one worker     windows and commits     for browsers on any node
//
// A [Log] is a JetStream stream that holds the events of one feed. A writer that has been
// replaced can no longer write to it with [Log.Append]. [Log.Position] reads the position
// of the feed back from the log, so the log and the position cannot disagree.
//
// [Ingest] decides by a lease which member of a group reads a feed. [Consume] and [Work]
// distribute partitions over workers in the same way, so that the events of a key are
// processed in order. [Log.Follow] delivers a log from any position, without
// acknowledgements.
//
// Where every node has to agree on a position, the ID of an event is its sequence in the
// JetStream stream. The ID that the feed gave the event is kept in the message ID.
//
// JetStream provides everything durable: replication, de-duplication, consumers, the
// key-value store. Consuming requires NATS 2.14 or later, in which a consumer can be reset.
package jetstream
