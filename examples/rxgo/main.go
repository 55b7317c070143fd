// Command rxgo takes a flow that was written for RxGo, gives it a stream that outlives
// its connections for a source, and goes on with what comes out: windows, a sink, and
// nothing left behind.
//
//	go run ./examples/rxgo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "rxgo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	flags := flag.NewFlagSet("rxgo", flag.ContinueOnError)
	url := flags.String("url", "", "the `URL` of a stream of orders (default: an embedded one, which breaks often)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if *url == "" {
		shop, err := openShop(ctx)
		if err != nil {
			return err
		}
		defer shop.close()
		*url = shop.url()
	}
	err := report(ctx, stdout, *url)
	if err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// report prints what is to be packed where, half a second at a time.
func report(ctx context.Context, stdout io.Writer, url string) error {
	reconnects := 0
	orders := operators.DecodeJSON[Order](source.SSE(url, source.WithTrace(&source.Trace{
		Disconnected: func(source.Attempt, error) { reconnects++ },
	})))
	total := 0
	lines := operators.Tap(packing(orders), func(Line) { total++ })
	windows := operators.AggregateBy(lines, Line.warehouse, operators.Tumbling(500*time.Millisecond), newPieces, pieces.add)
	err := sink.ForEach(ctx, windows, func(k operators.Keyed[string, operators.WindowResult[pieces]]) error {
		_, err := fmt.Fprintf(stdout, "%-6s  %v\n", k.Key, k.Value.Value)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "lines: %d  reconnects: %d\n", total, reconnects)
	return err
}

// pieces is how many of each product are to be packed.
type pieces map[string]int

func newPieces() pieces { return pieces{} }

func (p pieces) add(l Line) pieces {
	p[l.Product] += l.Pieces
	return p
}

// packing is the flow of RxGo between two streams of ours.
func packing(orders rxsse.Observable[Order]) rxsse.Observable[Line] {
	return between[Order, Line](orders, flow)
}
