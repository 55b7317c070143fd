// Command exactlyonce turns a feed of trades into candles in a database, each exactly
// once: killed at any moment, it stores the same rows as a run without a crash.
//
//	go run .
//
// demonstrates it with SQLite: it serves a feed, kills the program again and again, and
// compares the table with that of a run that was not killed. With
//
//	go run . -dsn postgres://user@host/database
//
// it uses PostgreSQL, and with -url it reads your own feed.
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
	err := run(ctx, os.Stdin, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "exactlyonce:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdin io.Reader, stdout io.Writer, args []string) error {
	var (
		flags = flag.NewFlagSet("exactlyonce", flag.ContinueOnError)
		dsn   = flags.String("dsn", "", "the `database`: a postgres:// URL or an SQLite file (default: a temporary file)")
		url   = flags.String("url", "", "the `URL` of the feed (default: a demonstration that kills this program)")
		kills = flags.Int("kills", 10, "how often the demonstration kills the program")
		count = flags.Int("trades", 20_000, "how many trades the demonstration has")
		seed  = flags.Uint64("seed", uint64(time.Now().UnixNano()), "the seed of the demonstration")
		child = flags.Bool("child", false, "stop when standard input ends, as a child of the demonstration")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case *kills < 0 || *count < 1:
		return errors.New("-kills must not be negative, and -trades must be positive")
	case *url == "":
		err := demonstration{dsn: *dsn, kills: *kills, trades: *count, seed: *seed}.run(ctx, stdout)
		if isInterrupt(ctx, err) {
			_, err = fmt.Fprintln(stdout, "interrupted")
		}
		return err
	case *dsn == "":
		return errors.New("-url needs -dsn, the database for the candles")
	}
	if *child {
		// The demonstration holds the other end open. When it dies, its child exits.
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			os.Exit(1)
		}()
	}
	store, err := openStore(ctx, *dsn)
	if err != nil {
		return err
	}
	err = storeCandles(ctx, *url, store, func(rows int) {
		_, _ = fmt.Fprintln(stdout, "stored", rows, "candles")
	})
	if isInterrupt(ctx, err) {
		_, err = fmt.Fprintln(stdout, "interrupted; run it again to continue")
	}
	return errors.Join(err, store.close())
}

// isInterrupt reports whether err means that Ctrl-C or SIGTERM has cancelled ctx: it is the
// cause or, from database/sql, context.Canceled.
func isInterrupt(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err()))
}
