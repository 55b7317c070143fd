// Command cluster shows a feed that survives the loss of any part of the system that
// processes it: three NATS servers, two members that ingest the feed, three workers
// that count its trades, and two nodes that serve it to browsers.
//
//	go run ./examples/cluster
//
// kills members and servers on a timetable, prints what each member does, and at the end
// reports what was lost. A page shows it live until the demonstration ends.
//
// With -nats it uses a deployment of yours. It kills only members then, and leaves behind
// the stream rxsse-example-trades and the bucket rxsse-example-claims.
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
)

// options are the command's flags.
type options struct {
	nats   string
	addr   string
	trades int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// newFlags returns the command's flags and what they set.
func newFlags() (*flag.FlagSet, *options) {
	o := &options{}
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.StringVar(&o.nats, "nats", "", "use the NATS servers at `URL` (default: three servers in this process)")
	flags.StringVar(&o.addr, "addr", "127.0.0.1:0", "the `address` of the page")
	flags.IntVar(&o.trades, "trades", 6000, "how many trades the feed has, 200 a second")
	return flags, o
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	flags, o := newFlags()
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if o.trades < 1 {
		return fmt.Errorf("-trades must be at least 1, got %d", o.trades)
	}
	d, err := start(ctx, *o, stdout)
	if err == nil {
		err = d.run(ctx)
		if ctx.Err() != nil {
			d.print("interrupted: stopping everything that runs")
		}
		d.stop()
	}
	if ctx.Err() != nil { // Ctrl-C
		err = nil
	}
	return err
}
