// Command tail is curl for Server-Sent Events: it prints a stream as it comes, outlives
// its connections, and can write it down and go on later.
//
//	go run ./examples/tail https://stream.wikimedia.org/v2/stream/recentchange
//	go run ./examples/tail -type price -pretty -H "Authorization: Bearer …" https://…
//	go run ./examples/tail -o events.ndjson https://…     # and again: it goes on there
//
// Without a URL it tails an embedded feed, which breaks and ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "tail:", err)
		os.Exit(1)
	}
}

// run is the program. A cancelled ctx (Ctrl-C) ends it cleanly.
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
	err = o.tail(ctx, stdout, stderr)
	if err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// options are what the command line says.
type options struct {
	url         string
	types       []string
	header      http.Header
	lastEventID string
	output      string
	count       int
	pretty      bool
	raw         bool
	comments    bool
}

func parse(stderr io.Writer, args []string) (*options, error) {
	o := &options{header: http.Header{}}
	flags := flag.NewFlagSet("tail", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: tail [flags] [URL]")
		flags.PrintDefaults()
	}
	flags.Func("type", "print events of this `type` only; may be given several times", func(s string) error {
		o.types = append(o.types, s)
		return nil
	})
	flags.Func("H", "send this `header`, as \"Name: value\"; may be given several times", func(s string) error {
		name, value, found := strings.Cut(s, ":")
		if !found || strings.TrimSpace(name) == "" {
			return errors.New(`want "Name: value"`)
		}
		o.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		return nil
	})
	flags.StringVar(&o.lastEventID, "last-event-id", "", "begin after the event with this `ID`")
	flags.StringVar(&o.output, "o", "", "write the events to this `file` too, as lines of JSON; if it is there, go on where it ends")
	flags.IntVar(&o.count, "n", 0, "end after this number of `events`")
	flags.BoolVar(&o.pretty, "pretty", false, "print JSON over several lines")
	flags.BoolVar(&o.raw, "raw", false, "print events in wire form")
	flags.BoolVar(&o.comments, "comments", false, "print comments too, such as heartbeats")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 1:
		return nil, fmt.Errorf("one URL, please, after the flags; got %q", flags.Args())
	case o.count < 0:
		return nil, fmt.Errorf("-n must not be negative, got %d", o.count)
	case o.raw && o.pretty:
		return nil, errors.New("-raw and -pretty exclude each other")
	}
	o.url = flags.Arg(0)
	return o, nil
}
