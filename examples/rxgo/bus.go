package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/rx"
	"github.com/rxsse/rxsse/sink"
)

// A message is an order with the ID of its event, which Commit saves.
type message = codec.Message[Order]

// A depot is the program behind the bus: three observers, each with a sink.
type depot struct {
	folder     string
	checkpoint sink.Checkpoint
	board      *sink.Broadcaster
	stdout     io.Writer
}

// run publishes orders on a bus, attaches the observers, connects, and returns when all
// have ended. The first error ends all of them.
func (d *depot) run(ctx context.Context, orders rxsse.Observable[message]) error {
	// Before FromHot: the bus waits for each of its observers, so each has to begin.
	file, err := sink.OpenNDJSON[Line](filepath.Join(d.folder, "lines.ndjson"))
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // pack reports the error of the first Close

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	bus := rx.ToRxGo(ctx, orders, rxgo.WithPublishStrategy())

	// Each FromHot observes the bus now, before Connect. The Map of the third is an RxGo
	// operator that the program already has.
	observers := []func(context.Context) error{
		pack(rx.FromHot[message](bus), file),
		d.bill(rx.FromHot[message](bus)),
		d.show(rx.FromHot[int](bus.Map(pieces))),
	}
	ended := make(chan error)
	for _, observer := range observers {
		go func() { ended <- observer(ctx) }() // each is received below
	}
	bus.Connect(ctx) // subscribes to orders, once

	var first error
	for range observers {
		if err := <-ended; err != nil && first == nil {
			first = err
			stop(err)
		}
	}
	return first
}

// pack sends the orders through the RxGo flow and appends its lines to a file.
func pack(orders rxsse.Observable[message], file *sink.File[Line]) func(context.Context) error {
	return func(ctx context.Context) error {
		values := operators.Map(orders, func(m message) Order { return m.Value })
		if err := file.Consume(ctx, between[Order, Line](values, flow)); err != nil {
			return err
		}
		return file.Close() // everything is on disk
	}
}

// bill processes each order and saves its position.
func (d *depot) bill(orders rxsse.Observable[message]) func(context.Context) error {
	return func(ctx context.Context) error {
		billed := 0
		err := sink.Commit(ctx, orders, func(batch []message) error {
			billed += len(batch) // the bill is written here
			return nil
		}, d.checkpoint)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(d.stdout, "billed: %d orders\n", billed)
		return err
	}
}

// show broadcasts how many pieces were ordered in each half second.
func (d *depot) show(counts rxsse.Observable[int]) func(context.Context) error {
	return func(ctx context.Context) error {
		sums := operators.Aggregate(counts, operators.Tumbling(500*time.Millisecond),
			func() int { return 0 },
			func(sum, n int) int { return sum + n })
		values := operators.Map(sums, func(w operators.WindowResult[int]) int { return w.Value })
		if err := d.board.Publish(ctx, operators.EncodeJSON(values, "pieces")); err != nil {
			return err
		}
		return d.board.Complete(ctx)
	}
}

// pieces is a function for Map of RxGo.
func pieces(_ context.Context, v any) (any, error) {
	sum := 0
	for _, line := range v.(message).Value.Lines { //nolint:errcheck,forcetypeassert // RxGo has no types
		sum += line.Pieces
	}
	return sum, nil
}
