// Command tail is curl for Server-Sent Events: it prints a stream as it arrives, survives
// broken connections, and can write the events to a file and resume later.
//
//	go run ./examples/tail https://stream.wikimedia.org/v2/stream/recentchange
//	go run ./examples/tail -type price -json -H "Authorization: Bearer …" https://…
//	go run ./examples/tail -d '{"stream": true}' https://…    # a POST
//	go run ./examples/tail -o events.ndjson https://…         # run it again: it resumes
//
// Without a URL it reads an embedded feed, which breaks and ends.
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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "tail:", err)
		os.Exit(1)
	}
}

// run is the program. A cancelled ctx (Ctrl-C or SIGTERM) ends it without an error.
func run(ctx context.Context, stdout, stderr io.Writer, args []string) error {
	o, err := parse(stderr, args)
	if err != nil {
		return err
	}
	if o.url == "" {
		feed, err := openFeed(ctx)
		if err != nil {
			return err
		}
		defer feed.close()
		o.url = feed.url()
	}
	count, err := o.tail(ctx, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		_, _ = fmt.Fprintf(stderr, "tail: interrupted after %d events\n", count)
		return nil
	case err != nil:
		return err
	case o.count > 0 && count == o.count:
		return nil
	default:
		_, _ = fmt.Fprintf(stderr, "tail: the server completed the stream after %d events\n", count)
		return nil
	}
}
