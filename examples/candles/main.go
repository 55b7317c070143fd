// Command candles merges the trades of several exchanges and prints a candle for each
// symbol and minute, in event time: while one exchange reconnects and replays, no minute
// closes without its trades.
//
//	go run ./examples/candles
//
// runs against two embedded exchanges, one of which breaks. With your own feeds:
//
//	go run ./examples/candles north=https://… south=https://…
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "candles:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	flags := flag.NewFlagSet("candles", flag.ContinueOnError)
	flags.Usage = func() {
		_, _ = fmt.Fprintln(flags.Output(), "usage: candles [name=URL ...]\nWithout a feed it runs a demonstration with two embedded ones.")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return reportInterrupt(ctx, stdout, demonstrate(ctx, stdout))
	}
	var feeds []exchange
	for _, arg := range flags.Args() {
		name, url, found := strings.Cut(arg, "=")
		if !found || name == "" {
			return errors.New("want feeds as name=URL; see -help")
		}
		if slices.ContainsFunc(feeds, func(e exchange) bool { return e.name == name }) {
			return fmt.Errorf("two feeds have the name %q: each needs its own, since each has a watermark of its own", name)
		}
		feeds = append(feeds, exchange{name: name, url: url})
	}
	late := 0
	stream := candles(func(Trade) { late++ }, source.NewClient(source.WithLogger(slog.Default())), feeds...)
	trades, err := printCandles(ctx, stdout, stream)
	ending := "the feeds completed"
	switch {
	case ctx.Err() != nil:
		ending = "interrupted"
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(stdout, "trades: %d  late: %d  ended: %s\n", trades, late, ending)
	return err
}

// reportInterrupt prints that Ctrl-C or SIGTERM has ended the program, if err is the cause
// of a cancelled ctx. That is not an error.
func reportInterrupt(ctx context.Context, stdout io.Writer, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		_, err = fmt.Fprintln(stdout, "interrupted")
	}
	return err
}

// printCandles prints the candles and returns how many trades they hold.
func printCandles(ctx context.Context, stdout io.Writer, stream rxsse.Observable[operators.Keyed[string, operators.WindowResult[Candle]]]) (trades int, err error) {
	err = sink.ForEach(ctx, stream, func(k operators.Keyed[string, operators.WindowResult[Candle]]) error {
		c := k.Value.Value
		trades += c.Trades
		_, err := fmt.Fprintf(stdout, "%s %-8.8q open %7.2f  high %7.2f  low %7.2f  close %7.2f  volume %5d  trades %4d\n",
			k.Value.Start.UTC().Format("15:04"), k.Key, c.Open, c.High, c.Low, c.Close, c.Volume, c.Trades)
		return err
	})
	return trades, err
}

// demonstrate merges two exchanges, one of which breaks twice, and counts. For comparison,
// it counts how many trades would be too late for one watermark over both.
func demonstrate(ctx context.Context, stdout io.Writer) error {
	north, south := generate(1, 3*time.Minute), generate(2, 3*time.Minute)
	var meter source.Meter
	client := source.NewClient(source.WithMeter(&meter))
	steady, err := openFeed(ctx, "north", north)
	if err != nil {
		return err
	}
	defer steady.close()
	broken, err := openFeed(ctx, "south", south, 150, 400)
	if err != nil {
		return err
	}
	defer broken.close()

	late := 0
	trades, err := printCandles(ctx, stdout, candles(func(Trade) { late++ }, client, steady.exchange, broken.exchange))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "trades: %d of %d  late: %d  reconnects: %d  repeated by the exchange: %d\n",
		trades, len(north)+len(south), late, meter.Stats().Reconnects, broken.repeated.Load()); err != nil {
		return err
	}

	again, err := openFeed(ctx, "south", south, 150, 400)
	if err != nil {
		return err
	}
	defer again.close()
	late = 0
	one := aggregate(func(Trade) { late++ }, merged(client, []exchange{steady.exchange, again.exchange}), operators.EventTime[Trade]{})
	if _, err := sink.Collect(ctx, one); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "with one watermark for both, these would be late: %d\n", late)
	return err
}
