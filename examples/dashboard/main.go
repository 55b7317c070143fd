// Command dashboard shows live markets in a browser: a stream of trades passes through
// event-time windows, one per symbol and second, and leaves as a stream of candles for any
// number of pages.
//
//	go run ./examples/dashboard
//
// and open the address that it prints. The exchange is embedded and behaves like a real one:
// its connections break every few seconds, and its trades arrive late and out of order. The
// page counts missing trades; there are none.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "dashboard:", err)
		os.Exit(1)
	}
}

// page is all that the browser loads.
//
//go:embed page
var page embed.FS

// run is the program. A cancelled ctx (a signal, or the time set by -for) ends it cleanly.
func run(ctx context.Context, stdout io.Writer, args []string) error {
	var (
		flags  = flag.NewFlagSet("dashboard", flag.ContinueOnError)
		addr   = flags.String("addr", "127.0.0.1:8080", "the `address` to listen on; port 0 takes any that is free")
		length = flags.Duration("for", 0, "how long to run (default: until Ctrl-C)")
		breaks = flags.Duration("breaks", 5*time.Second, "how often the exchange breaks its connections; 0 is never")
		seed   = flags.Uint64("seed", 1, "the seed of the exchange")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if *breaks < 0 {
		return fmt.Errorf("-breaks must not be negative, got %v", *breaks)
	}
	if *length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *length)
		defer cancel()
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address with -addr", err)
	}
	if _, err := fmt.Fprintf(stdout, "http://%s\n", listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	market, err := openExchange(ctx, *seed, *breaks)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer market.close()
	if err := serve(ctx, listener, market.url()); err != nil {
		return err
	}
	ending := "interrupted"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		ending = fmt.Sprintf("ended after %v", *length)
	}
	_, err = fmt.Fprintln(stdout, ending)
	return err
}

// serve shows the trades of the exchange at url, until ctx is cancelled.
func serve(ctx context.Context, listener net.Listener, url string) error {
	files, err := fs.Sub(page, "page")
	if err != nil {
		return err
	}
	out := sink.NewBroadcaster(sink.WithRetry(time.Second), sink.WithHistory(2000, 4<<20))
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(files))
	mux.Handle("/events", out)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	server.RegisterOnShutdown(out.BeginShutdown)

	var w watch
	trades := operators.Tap(source.SSE(url, source.WithTrace(w.trace())), w.event)
	publish := operators.Merge(candles(trades), w.statuses())

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	err = unlessCancelled(ctx, out.Publish(ctx, publish))

	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if server.Shutdown(ending) != nil { // there are pages that do not read
		err = errors.Join(err, server.Close())
	}
	if serving := <-failed; !errors.Is(serving, http.ErrServerClosed) {
		err = errors.Join(err, serving)
	}
	return err
}
