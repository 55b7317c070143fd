package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// exampleStream connects to the server of the tests and makes a stream with four
// partitions. A program of yours connects to its own deployment; the stream exists.
func exampleStream(ctx context.Context, name string) (js natsjs.JetStream, closeAll func(), err error) {
	nc, err := nats.Connect(shared.URL(), nats.MaxReconnects(-1))
	if err != nil {
		return nil, nil, err
	}
	js, err = natsjs.New(nc)
	if err != nil {
		return nil, nil, err
	}
	_, err = js.CreateStream(ctx, natsjs.StreamConfig{Name: name, Subjects: []string{name + ".*"}})
	return js, nc.Close, err
}

func byID(e codec.Event) string { return e.ID }

// One program reads a feed into a log, and workers share the log. Run both ends in any
// number of programs.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = sink.Serve(w, r, numbered(1, 3))
	}))
	defer feed.Close()
	nc, err := nats.Connect(shared.URL()) // of the tests; yours has a stream "trades" with the subject "trades"
	if err != nil {
		panic(err)
	}
	defer nc.Close()
	js, err := natsjs.New(nc)
	if err != nil {
		panic(err)
	}
	if _, err := js.CreateStream(ctx, natsjs.StreamConfig{Name: "trades", Subjects: []string{"trades"}}); err != nil {
		panic(err)
	}

	log, err := jetstream.OpenLog(ctx, js, "trades", jetstream.LogConfig{})
	if err != nil {
		panic(err)
	}
	var ingest sync.WaitGroup
	ingest.Go(func() {
		_ = jetstream.Ingest(ctx, js, jetstream.Group{Name: "ingest"}, jetstream.Feed{
			Log: log,
			Source: func(lastEventID string) rxsse.Observable[codec.Event] {
				return source.SSE(feed.URL, source.WithLastEventID(lastEventID))
			},
		})
	})
	workers := jetstream.Consumer{Stream: "trades", Durable: "billing", Partitions: []string{"trades"}}
	for d, err := range jetstream.Consume(js, workers, codec.Text)(ctx) {
		if err != nil {
			panic(err)
		}
		fmt.Println(d.Value)
		if d.ID == "3" {
			break // the example ends here
		}
	}
	cancel()
	ingest.Wait()
	// Output:
	// event 1
	// event 2
	// event 3
}

// Append continues a feed after the last event in the log.
func ExampleLog_Append() {
	ctx := context.Background()
	js, closeAll, err := exampleStream(ctx, "example-append")
	if err != nil {
		panic(err)
	}
	defer closeAll()

	log, err := jetstream.OpenLog(ctx, js, "example-append", jetstream.LogConfig{
		Subject: jetstream.PartitionBy("example-append", 4, byID),
	})
	if err != nil {
		panic(err)
	}
	position, err := log.Position(ctx)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s resumes after %q\n", log.Name(), position)
	err = log.Append(ctx, numbered(1, 3)) // in a program: source.SSE(url, source.WithLastEventID(position))
	if errors.Is(err, jetstream.ErrSuperseded) {
		fmt.Println("another program has taken over")
	}
	position, _ = log.Position(ctx)
	fmt.Printf("%s resumes after %q\n", log.Name(), position)
	// Output:
	// example-append resumes after ""
	// example-append resumes after "3"
}

// Ingest keeps one of any number of programs connected to the feed.
func ExampleIngest() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	js, closeAll, err := exampleStream(ctx, "example-ingest")
	if err != nil {
		panic(err)
	}
	defer closeAll()
	log, err := jetstream.OpenLog(ctx, js, "example-ingest", jetstream.LogConfig{Subject: jetstream.PartitionBy("example-ingest", 4, byID)})
	if err != nil {
		panic(err)
	}

	url := "http://127.0.0.1:1/nothing-listens-here"
	group := jetstream.Group{
		Name:   "ingest",
		Bucket: "example-claims",
		Logger: slog.New(slog.DiscardHandler),
		OnClaim: func(feed string, held bool) {
			fmt.Println("reads", feed, held)
			cancel() // the example ends here
		},
	}
	_ = jetstream.Ingest(ctx, js, group, jetstream.Feed{
		Log: log,
		Source: func(lastEventID string) rxsse.Observable[codec.Event] {
			return source.SSE(url, source.WithLastEventID(lastEventID))
		},
	})
	// Output:
	// reads example-ingest true
	// reads example-ingest false
}

// Consume delivers the partitions that belong to this worker.
func ExampleConsume() {
	ctx := context.Background()
	js, closeAll, err := exampleStream(ctx, "example-consume")
	if err != nil {
		panic(err)
	}
	defer closeAll()
	log, err := jetstream.OpenLog(ctx, js, "example-consume", jetstream.LogConfig{Subject: jetstream.PartitionBy("example-consume", 4, byID)})
	if err == nil {
		err = log.Append(ctx, numbered(1, 10))
	}
	if err != nil {
		panic(err)
	}

	events := jetstream.Consume(js, jetstream.Consumer{
		Stream:     "example-consume",
		Durable:    "billing",
		Partitions: jetstream.Partitions("example-consume", 4),
		Group:      jetstream.Group{Bucket: "example-claims"},
		MaxTries:   3,
		OnPoison: func(e codec.Event, err error) error {
			fmt.Println("set aside:", e.ID, err)
			return nil
		},
	}, codec.Text)
	n := 0
	for d, err := range events(ctx) {
		if err != nil {
			panic(err)
		}
		_ = d.Value // the work; it is acknowledged when the loop asks for the next event
		if n++; n == 10 {
			break
		}
	}
	fmt.Println(n, "events")
	// Output: 10 events
}

// Work acknowledges events once their result is stored. The Partition is the checkpoint.
func ExampleWork() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	js, closeAll, err := exampleStream(ctx, "example-work")
	if err != nil {
		panic(err)
	}
	defer closeAll()
	log, err := jetstream.OpenLog(ctx, js, "example-work", jetstream.LogConfig{Subject: jetstream.PartitionBy("example-work", 1, byID)})
	if err == nil {
		err = log.Append(ctx, numbered(1, 5))
	}
	if err != nil {
		panic(err)
	}

	stored := 0
	consumer := jetstream.Consumer{
		Stream: "example-work", Durable: "store", Partitions: jetstream.Partitions("example-work", 1),
		Group: jetstream.Group{Bucket: "example-claims"},
	}
	err = jetstream.Work(ctx, js, consumer, func(ctx context.Context, p *jetstream.Partition) error {
		fmt.Println(p.Subject(), "attempt", p.Attempt())
		err := sink.Commit(ctx, p.Events(), func(events []codec.Event) error {
			if stored += len(events); stored == 5 {
				cancel() // the example ends here
			}
			return nil
		}, p)
		if errors.Is(err, jetstream.ErrClaimLost) {
			fmt.Println("another worker has it now")
		}
		return err
	})
	fmt.Println(stored, "events,", err)
	// Output:
	// example-work.0 attempt 1
	// 5 events, context canceled
}

// Any node serves any browser: a node follows the log from its end, and reads what a
// browser has missed from the log.
func ExampleLog_Follow() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	js, closeAll, err := exampleStream(ctx, "example-follow")
	if err != nil {
		panic(err)
	}
	defer closeAll()
	log, err := jetstream.OpenLog(ctx, js, "example-follow", jetstream.LogConfig{Subject: jetstream.PartitionBy("example-follow", 1, byID)})
	if err == nil {
		err = log.Append(ctx, numbered(1, 3))
	}
	if err != nil {
		panic(err)
	}

	node := sink.NewBroadcaster(sink.WithReplay(log.Replay))
	http.Handle("/events", node)
	now, err := log.End(ctx)
	if err != nil {
		panic(err)
	}
	fmt.Println("the node begins after", now)
	// A program publishes concurrently: go node.Publish(ctx, log.Follow(now))

	for e, err := range log.Follow("1")(ctx) {
		var forgotten *jetstream.ForgottenError
		if errors.As(err, &forgotten) {
			fmt.Println("begin again at", forgotten.First)
			break
		}
		fmt.Println(e.ID, e.Data)
		if e.ID == now {
			break
		}
	}
	// Output:
	// the node begins after 3
	// 2 event 2
	// 3 event 3
}

// Events with the same key have the same subject, and keep their order.
func ExamplePartitionBy() {
	subject := jetstream.PartitionBy("trades", 3, func(e codec.Event) string { return e.Type })
	fmt.Println(jetstream.Partitions("trades", 3))
	fmt.Println(subject(codec.Event{Type: "BTC", ID: "1"}) == subject(codec.Event{Type: "BTC", ID: "2"}))
	// Output:
	// [trades.0 trades.1 trades.2]
	// true
}
