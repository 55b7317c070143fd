// Package jetstream scales a pipeline out with NATS JetStream. The pipeline stays as it
// is; only its two ends change. Run both in any number of programs:
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
// A [Log] is a stream that holds the events of one feed. [Log.Append] writes to it so
// that a writer which has been replaced cannot write any more, and [Log.Position]
// reads the position of the feed back from it: the log and the position cannot
// disagree.
//
// [Ingest] decides by a lease which member of a group reads a feed. [Consume] and [Work]
// spread partitions over workers in the same way, so that the events of a key are
// processed in order. [Log.Follow] delivers a log from any position on, without
// acknowledgements.
//
// The package names events by their sequence in the stream where it needs a position
// that every node agrees on. The ID that the feed gave an event is in the log too, in
// the message ID.
//
// Everything durable is JetStream's: replication, de-duplication, consumers, the
// key-value store. Consuming needs NATS 2.14 or later, where a consumer can be reset.
package jetstream
