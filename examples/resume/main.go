// Command resume writes a stream of readings to a file. It may be killed at any moment:
// the next run resumes, and no reading is lost.
//
//	go run ./examples/resume
//
// starts a server and that program, kills it again and again, and counts at the end. To run
// the program itself against your own server:
//
//	go run ./examples/resume -url https://… -dir data
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
		fmt.Fprintln(os.Stderr, "resume:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	var (
		flags = flag.NewFlagSet("resume", flag.ContinueOnError)
		url   = flags.String("url", "", "the `URL` of a stream to write down (default: a demonstration)")
		dir   = flags.String("dir", ".", "the `folder` for readings.ndjson and the position")
		kills = flags.Int("kills", 5, "how often the demonstration kills the program")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case *url != "":
		if err := os.MkdirAll(*dir, 0o700); err != nil {
			return err
		}
		if err := unlessCancelled(ctx, writeDown(ctx, *url, *dir)); err != nil {
			return err
		}
		ending := "the server completed the stream"
		if ctx.Err() != nil {
			ending = "interrupted; run it again to resume"
		}
		_, err := fmt.Fprintln(stdout, ending)
		return err
	case *kills < 0:
		return fmt.Errorf("-kills must not be negative, got %d", *kills)
	}
	err := unlessCancelled(ctx, demonstrate(ctx, stdout, *kills))
	if err == nil && ctx.Err() != nil {
		_, err = fmt.Fprintln(stdout, "interrupted")
	}
	return err
}

// unlessCancelled returns err, or nil if it is the cause of a cancelled ctx: Ctrl-C is not
// an error.
func unlessCancelled(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return err
}
