// Command mercure follows topics of a Mercure hub, and reports when updates were lost while
// the client was away.
//
//	go run ./examples/mercure
//
// uses an embedded hub. For your own hub, with a token if necessary:
//
//	MERCURE_TOKEN=… go run ./examples/mercure -url https://…/.well-known/mercure -topic https://…/books/{id}
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
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mercure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	s := subscription{token: os.Getenv("MERCURE_TOKEN")}
	flags := flag.NewFlagSet("mercure", flag.ContinueOnError)
	flags.StringVar(&s.hub, "url", "", "the hub's `URL` (default: an embedded hub)")
	flags.Func("topic", "a `topic` to follow, a URL or a template of one; may be given several times (default: all)", func(topic string) error {
		s.topics = append(s.topics, topic)
		return nil
	})
	flags.StringVar(&s.since, "since", "", "begin after the update with this `ID`; \"earliest\" is all that the hub has")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if s.hub == "" {
		h, err := openHub(ctx)
		if err != nil {
			return err
		}
		defer h.close()
		s.hub, s.token, s.since = h.url(), hubToken, "earliest"
		if len(s.topics) == 0 {
			s.topics = []string{"https://example.com/books/1", "https://example.com/books/2"}
		}
		s.count = 30
	}
	if len(s.topics) == 0 {
		s.topics = []string{"*"}
	}
	return s.follow(ctx, stdout)
}
