package metrics_test

import (
	"context"
	"fmt"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/metrics"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A pipeline counts what it does under the name "trades". A program exports the Set with
// the modules prometheus or otel; this one prints some samples.
func ExampleSet() {
	server := ssetest.NewServer(ssetest.Replay([]codec.Event{{ID: "1", Data: "a"}, {ID: "2", Data: "b"}, {ID: "3", Data: "c"}}))
	defer server.Close()

	var figures metrics.Set
	position := figures.Checkpoint("trades", new(source.MemoryCheckpoint))
	trades := source.SSE(server.URL(), figures.Source("trades"), source.WithCheckpoint(position), source.WithReconnectionTime(0))
	err := sink.Commit(context.Background(), trades, func([]codec.Event) error { return nil }, position)
	if err != nil {
		fmt.Println(err)
		return
	}

	for _, s := range figures.Samples() {
		switch s.Name {
		case "rxsse.source.events", "rxsse.source.connects", "rxsse.commit.position", "rxsse.commit.lag":
			fmt.Println(s.Name, s.Stream, s.Value)
		}
	}
	// Output:
	// rxsse.source.connects trades 1
	// rxsse.source.events trades 3
	// rxsse.commit.position trades 3
	// rxsse.commit.lag trades 0
}
