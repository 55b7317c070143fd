// Command observability shows what a program with rxsse exports to Prometheus and
// OpenTelemetry. It needs no other program: the feed, a relay for browsers and its clients
// run in this process.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/metrics"
	"github.com/rxsse/rxsse/operators"
	rxsseotel "github.com/rxsse/rxsse/otel"
	rxsseprom "github.com/rxsse/rxsse/prometheus"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func main() {
	length := flag.Duration("for", 6*time.Second, "how long to run")
	addr := flag.String("addr", "127.0.0.1:0", "the `address` for Prometheus; port 0 takes any that is free")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *addr, *length)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "observability:", err)
		os.Exit(1)
	}
}

// run runs the program for a time, and then prints what Prometheus would have read.
func run(ctx context.Context, out io.Writer, addr string, length time.Duration) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	folder, err := os.MkdirTemp("", "observability")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	feed := newFeed()
	defer feed.Close()

	// Once per program: the figures, and where they and the spans go.
	var figures metrics.Set
	registry := prometheus.NewRegistry()
	registry.MustRegister(rxsseprom.NewCollector(&figures))
	spans := sdktrace.NewTracerProvider(sdktrace.WithSyncer(printer{out}))
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))

	// One line for each part of the pipeline.
	relay := figures.Broadcaster("trades", sink.NewBroadcaster(sink.WithHistory(64, 1<<20)))
	position := figures.Checkpoint("trades", source.NewFileCheckpoint(filepath.Join(folder, "position")))
	events := source.SSE(feed.URL(),
		figures.Source("trades"),
		source.WithTrace(rxsseotel.Trace("trades", rxsseotel.WithTracerProvider(spans))),
		source.WithReconnectionTime(200*time.Millisecond),
		source.WithCheckpoint(position))
	mux.Handle("/events", relay)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(listener) }() // until server.Close
	defer func() {
		_ = server.Close()
		<-serving
	}()
	url := "http://" + listener.Addr().String()

	streaming, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	_, _ = fmt.Fprintf(out, "running for %v, with the metrics at %s/metrics; the spans of connections as they end:\n\n", length, url)
	var page sync.WaitGroup
	page.Go(func() { browse(streaming, url+"/events") })
	defer page.Wait()
	err = sink.Tee(streaming, events,
		func(ctx context.Context, src rxsse.Observable[codec.Event]) error { return relay.Publish(ctx, src) },
		func(ctx context.Context, src rxsse.Observable[codec.Event]) error {
			recent := operators.Buffer(src, 8, operators.OverflowDropOldest, figures.Dropped("store"))
			return sink.Commit(ctx, operators.Tap(recent, compute), store, position)
		},
	)
	if streaming.Err() == nil {
		return err
	}
	text, err := scrape(context.WithoutCancel(ctx), url+"/metrics")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nwhat Prometheus would have got from /metrics:\n\n%s", text)
	return err
}

// compute is slower than the feed, so the buffer before it overflows.
func compute(codec.Event) { time.Sleep(30 * time.Millisecond) }

// store stands in for a database.
func store([]codec.Event) error { return nil }

// scrape returns the figures as Prometheus reads them.
func scrape(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}
