package sink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := sink.ForEach(ctx, source.Just("one", "two"), func(s string) error {
		_, err := fmt.Println(s)
		return err
	})
	fmt.Println(err)
	// Output:
	// one
	// two
	// <nil>
}

func ExampleForEachBatch() {
	rows := source.Just("a", "b", "c")
	written := 0
	err := sink.ForEachBatch(context.Background(), rows, func(batch []string) error {
		written += len(batch) // INSERT INTO … VALUES (…), (…)
		return nil
	})
	fmt.Println(written, err)
	// Output: 3 <nil>
}

func ExampleCollectN() {
	some, err := sink.CollectN(context.Background(), source.Just(1, 2, 3), 2)
	fmt.Println(some, errors.Is(err, sink.ErrTooMany))
	// Output: [1 2] true
}

func ExampleFirst() {
	first, err := sink.First(context.Background(), source.Just("ready", "more"))
	fmt.Println(first, err)
	_, err = sink.First(context.Background(), source.Empty[string]())
	fmt.Println(err)
	// Output:
	// ready <nil>
	// sink: First: the stream completed without an item
}

// The last figures of a job that reports its progress.
func ExampleLast() {
	last, err := sink.Last(context.Background(), source.Just("10 %", "60 %", "100 %"))
	fmt.Println(last, err)
	_, err = sink.Last(context.Background(), source.Empty[string]())
	fmt.Println(errors.Is(err, sink.ErrEmpty))
	// Output:
	// 100 % <nil>
	// true
}

func ExampleReduce() {
	total, err := sink.Reduce(context.Background(), source.Just(1, 2, 3), 0, func(sum, n int) (int, error) {
		return sum + n, nil
	})
	fmt.Println(total, err)
	// Output: 6 <nil>
}

// Items and other channels in one select.
func ExampleChannel() {
	quit := make(chan struct{})
	err := sink.Channel(context.Background(), source.Just("a", "b"), 16, func(items <-chan string) error {
		for {
			select {
			case v, ok := <-items:
				if !ok {
					return nil // the stream has ended, and Channel returns its error
				}
				fmt.Println(v)
			case <-quit:
				return nil // Channel ends the stream
			}
		}
	})
	fmt.Println(err)
	// Output:
	// a
	// b
	// <nil>
}

func ExampleNDJSON() {
	type Price struct {
		Symbol string  `json:"symbol"`
		Price  float64 `json:"price"`
	}
	err := sink.NDJSON(context.Background(), source.Just(Price{"BTC", 81450}, Price{"ETH", 2918}), os.Stdout)
	fmt.Println(err)
	// Output:
	// {"symbol":"BTC","price":81450}
	// {"symbol":"ETH","price":2918}
	// <nil>
}

func ExampleWrite() {
	events := source.Just(codec.Event{Type: "price", Data: "81450", ID: "7"})
	_ = sink.Write(context.Background(), events, os.Stdout, codec.AppendEvent)
	// Output:
	// event: price
	// data: 81450
	// id: 7
}

// Two sinks on one stream; the second may fail alone.
func ExampleTee() {
	upload := func(context.Context, rxsse.Observable[string]) error { return errors.New("no network") }
	err := sink.Tee(context.Background(), source.Just("a", "b"), sink.LinesTo[string](os.Stdout),
		sink.Isolated(upload, func(err error) { fmt.Fprintln(os.Stderr, "not uploaded:", err) }))
	fmt.Println(err)
	// Output:
	// a
	// b
	// <nil>
}

// A file for each day, compressed, of which the last 30 are kept.
func ExampleOpenNDJSON() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()

	file, err := sink.OpenNDJSON[int](filepath.Join(folder, "numbers.ndjson"),
		sink.WithRotateEvery(24*time.Hour), sink.WithGzip(), sink.WithKeep(30, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(file.Consume(context.Background(), source.Just(1, 2, 3)))
	fmt.Println(file.Close())
	// Output:
	// <nil>
	// <nil>
}

// The position is saved after the work, so a program that is killed resumes after the
// last event whose work is done.
func ExampleCommit() {
	checkpoint := &source.MemoryCheckpoint{} // source.NewFileCheckpoint("position") survives the program
	events := source.Just(codec.Event{ID: "41", Data: "a"}, codec.Event{ID: "42", Data: "b"})
	work := func(events []codec.Event) error {
		for _, e := range events {
			fmt.Println("did", e.Data)
		}
		return nil
	}
	err := sink.Commit(context.Background(), events, work, checkpoint)
	position, _ := checkpoint.Load(context.Background())
	fmt.Println(position, err)
	// Output:
	// did a
	// did b
	// 42 <nil>
}

func ExampleNDJSONTo() {
	type price struct{ Value float64 }
	err := sink.Tee(context.Background(), just(price{1.5}, price{2.5}),
		sink.NDJSONTo[price](os.Stdout), sink.LinesTo[price](io.Discard))
	fmt.Println(err)
	// Output:
	// {"Value":1.5}
	// {"Value":2.5}
	// <nil>
}
