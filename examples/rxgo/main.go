// Command rxgo is an RxGo program with a hot bus and three observers. Its source is a
// stream that survives broken connections, and its results end in a file, a committed
// position and a broadcast.
//
//	go run ./examples/rxgo
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
	"path/filepath"
	"syscall"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "rxgo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, args []string) (err error) {
	flags := flag.NewFlagSet("rxgo", flag.ContinueOnError)
	url := flags.String("url", "", "the `URL` of a stream of orders (default: an embedded one, which breaks often)")
	folder := flags.String("folder", "", "the `folder` for the lines and the position (default: a temporary one)")
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
		*url = shop.url
	}
	if *folder == "" {
		if *folder, err = os.MkdirTemp("", "rxgo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(*folder)) }()
	} else if err := os.MkdirAll(*folder, 0o700); err != nil {
		return err
	}
	err = report(ctx, stdout, *url, *folder)
	if ctx.Err() != nil {
		_, err = fmt.Fprintln(stdout, "interrupted")
	}
	return err
}

// report runs the depot on the stream at url, and prints what a client of its broadcast
// sees.
func report(ctx context.Context, stdout io.Writer, url, folder string) error {
	checkpoint := source.NewFileCheckpoint(filepath.Join(folder, "position"))
	var connections source.Meter
	events := source.SSE(url, source.WithCheckpoint(checkpoint), source.WithLogger(slog.Default()), source.WithMeter(&connections))
	board := sink.NewBroadcaster()
	web, err := serve(ctx, board)
	if err != nil {
		return err
	}
	defer web.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	seen := make(chan error)
	go func() { // ends when the broadcast is complete, or with ctx
		counts := operators.DecodeJSON[int](source.SSE(web.url))
		seen <- sink.ForEach(ctx, counts, func(n int) error {
			_, err := fmt.Fprintf(stdout, "pieces in half a second: %d\n", n)
			return err
		})
	}()

	d := &depot{folder: folder, checkpoint: checkpoint, board: board, stdout: stdout}
	err = d.run(ctx, operators.DecodeJSON[message](events))
	if err != nil {
		stop()
	}
	if watching := <-seen; err == nil {
		err = watching
	}
	if err != nil {
		return err
	}
	lines, err := countLines(filepath.Join(folder, "lines.ndjson"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "lines: %d  reconnects: %d  ended: the server completed the stream\n", lines, connections.Stats().Reconnects)
	return err
}

func countLines(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, b := range text {
		if b == '\n' {
			n++
		}
	}
	return n, nil
}
