// Command wikimedia counts the edits of Wikipedia and its sister projects live, each once,
// although their server repeats some after a reconnect.
//
//	go run ./examples/wikimedia
//
// uses an embedded stand-in. The real stream, starting an hour ago:
//
//	go run ./examples/wikimedia -url https://stream.wikimedia.org/v2/stream/recentchange -since 1h -for 1m
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
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
		fmt.Fprintln(os.Stderr, "wikimedia:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	var (
		flags  = flag.NewFlagSet("wikimedia", flag.ContinueOnError)
		stream = flags.String("url", "", "the `URL` of the stream (default: an embedded stand-in, for three seconds)")
		since  = flags.Duration("since", 0, "begin that long ago; the server keeps a week or more")
		length = flags.Duration("for", 0, "end after that time (default: 3s for the stand-in, until Ctrl-C with -url)")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case *since < 0:
		return fmt.Errorf("-since must not be negative, got %v", *since)
	}
	if *stream == "" {
		w, err := openWiki(ctx)
		if err != nil {
			return err
		}
		defer w.close()
		*stream = w.url()
		if *length == 0 {
			*length = 3 * time.Second
		}
	}
	u, err := url.Parse(*stream)
	if err != nil {
		return err
	}
	if *since > 0 {
		query := u.Query()
		query.Set("since", time.Now().Add(-*since).UTC().Format(time.RFC3339))
		u.RawQuery = query.Encode()
	}
	if *length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *length)
		defer cancel()
	}
	var t tally
	err = t.count(ctx, stdout, u.String())
	ending := "the server completed the stream"
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		ending = fmt.Sprintf("after %v", *length)
	case ctx.Err() != nil:
		ending = "interrupted"
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(stdout, "edits: %d  repeated by the server: %d  canaries: %d  reconnects: %d  ended: %s\n",
		t.edits, t.repeated(), t.canaries, t.connections.Stats().Reconnects, ending)
	return err
}
