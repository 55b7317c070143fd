// Command quickstart shows a stream of Server-Sent Events passing through a pipeline:
// source, operators, sink.
//
// Without flags, it starts an exchange's trade feed on loopback, which breaks its connection
// several times, and prints a table every second. It ends with a summary that compares the
// events received with those sent:
//
//	go run ./examples/quickstart
//
// With -url, it runs a similar pipeline on any live server, until Ctrl-C:
//
//	go run ./examples/quickstart -url https://stream.wikimedia.org/v2/stream/recentchange
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the program. A cancelled ctx (Ctrl-C, or the time set by -for) ends it
// cleanly, with the summary.
func run(ctx context.Context, stdout io.Writer, args []string) error {
	var (
		flags    = flag.NewFlagSet("quickstart", flag.ContinueOnError)
		url      = flags.String("url", "", "watch this event stream instead of the embedded feed")
		kind     = flags.String("type", "", "with -url, only events of this `type`")
		debounce = flags.Duration("debounce", 0, "with -url, only events that this much silence follows")
		window   = flags.Duration("window", time.Second, "the length of a window")
		length   = flags.Duration("for", 0, "how long to run (default: 6s for the embedded feed, until Ctrl-C with -url)")
		seed     = flags.Uint64("seed", 1, "the seed of the embedded feed")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if *window <= 0 {
		return fmt.Errorf("-window must be positive, got %v", *window)
	}
	if *url == "" && (*kind != "" || *debounce != 0) {
		return errors.New("-type and -debounce need -url")
	}
	out := newPrinter(stdout)
	if *url != "" {
		if *length > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, *length)
			defer cancel()
		}
		return watch(ctx, out, live{url: *url, kind: *kind, debounce: *debounce, window: *window})
	}
	if *length <= 0 {
		*length = 6 * time.Second
	}
	return trade(ctx, out, newFeed(*seed, *length, 4), *window)
}

// unlessCancelled returns err, or nil if it is the cause of a cancelled ctx: Ctrl-C is not
// an error.
func unlessCancelled(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return err
}
