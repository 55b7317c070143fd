package fanout

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// CrowdName is the name of the section that Crowd makes.
const CrowdName = "crowd"

// idle is a server whose handler only waits, to measure the cost of a client in net/http.
const idle = "net/http"

// Crowd measures the cost of waiting clients, and how long many clients that return at the
// same time take to catch up.
func Crowd(plan measure.Plan) (report.Section, error) {
	idlers, clients, missed := child.Connections(10_000), 1000, 500
	if plan == measure.Quick {
		idlers, clients, missed = 200, 20, 10
	}
	s := report.Section{
		Name:  CrowdName,
		Title: "Many clients",
		About: "Clients that are connected and wait: the heap and the stacks of the server, after collections, for each client. " +
			"Then clients that come back to our server at the same time, each of which has missed the same events.",
	}
	table := report.Table{
		Title:   fmt.Sprintf("%d clients that wait", idlers),
		Columns: []string{"", "KiB/client", "more than net/http, bytes/client"},
	}
	base := 0.0
	for _, name := range []string{idle, "rxsse", "tmaxmax/go-sse", "r3labs/sse"} {
		bytes, err := waiting(name, idlers)
		if err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
		if name == idle {
			base = bytes
		}
		table.Rows = append(table.Rows, []string{name, report.Number(bytes / 1024), fmt.Sprintf("%.0f", bytes-base)})
	}
	s.Tables = append(s.Tables, table)
	took, err := comeBack(clients, missed)
	if err != nil {
		return s, err
	}
	s.Tables = append(s.Tables, report.Table{
		Title:   fmt.Sprintf("rxsse: %d clients come back, each has missed %d events of about 200 bytes", clients, missed),
		Columns: []string{"", "until all are connected and have all, ms", "deliveries/s"},
		Rows: [][]string{{
			"rxsse", report.Number(float64(took.Microseconds()) / 1e3),
			fmt.Sprintf("%.0f", float64(clients*missed)/took.Seconds()),
		}},
	})
	return s, nil
}

// waiting returns how many bytes a waiting client costs a server.
func waiting(name string, clients int) (bytes float64, err error) {
	_, err = hosted(name, func(ctx context.Context, server string) error {
		before, err := count(ctx, server, true)
		if err != nil {
			return err
		}
		all, _, err := connect(ctx, server, clients, true)
		defer disconnect(all)
		if err != nil {
			return err
		}
		if _, err := ask(ctx, server+"/quiet"); err != nil {
			return err
		}
		after, err := count(ctx, server, true)
		bytes = float64(after.live-before.live) / float64(clients)
		return err
	})
	return bytes, err
}

// comeBack returns how long it takes until clients that connect at the same time have all
// events of the history.
func comeBack(clients, missed int) (took time.Duration, err error) {
	_, err = hosted("rxsse", func(ctx context.Context, server string) error {
		if _, err := ask(ctx, fmt.Sprintf("%s/publish?events=%d&every=0s", server, missed)); err != nil {
			return err
		}
		begin := time.Now()
		done := make(chan error, clients)
		for range clients {
			go func() {
				done <- catchUp(ctx, server, missed)
			}()
		}
		for range clients {
			if err := <-done; err != nil {
				return err
			}
		}
		took = time.Since(begin)
		return nil
	})
	return took, err
}

// catchUp connects with an unknown last event ID and reads until the end of the history.
func catchUp(ctx context.Context, server string, events int) error {
	one, err := subscribe(ctx, server, "&lastEventId=none")
	if err != nil {
		return err
	}
	defer one.conn.Close()
	one.quiet = true
	failed := make(chan error, 1)
	go func() { failed <- one.read() }()
	select {
	case seen := <-one.seen:
		if seen.events != events {
			return fmt.Errorf("a client got %d events instead of %d", seen.events, events)
		}
		return nil
	case err := <-failed:
		return fmt.Errorf("a client's stream has ended: %w", err)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// bare is a server that sends one event to each client, and nothing else.
func bare() Server {
	return Server{Name: idle, About: "a handler that waits", Start: func() (http.Handler, func(string, string) error) {
		handler := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = w.Write([]byte("event: hello\ndata: x\n\n"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
		return http.HandlerFunc(handler), func(string, string) error { return nil }
	}}
}
