// Package idle measures the memory of a client's streams that wait for events.
package idle

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/client"
	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// Name is the section's name.
const Name = "idle"

// within is the time limit of a client for all its streams.
const within = time.Minute

// dialing is how many streams connect at the same time. More would overflow the listener's
// queue.
const dialing = 100

// A job makes a child process read the streams with a client.
type job struct {
	Client  string
	URL     string
	Streams int
}

// Section measures all clients.
func Section(plan measure.Plan) (report.Section, error) {
	streams := child.Connections(10_000)
	if plan == measure.Quick {
		streams = 200
	}
	s := report.Section{
		Name:  Name,
		Title: "Idle streams",
		About: "A process that reads many streams, each of which has had one event and waits for the next: its heap and stacks, after collections, for each stream. " +
			"The first row is net/http alone, which reads the body into a buffer of 512 bytes.",
	}
	table := report.Table{
		Title:   fmt.Sprintf("%d streams that wait", streams),
		Columns: []string{"", "KiB/stream", "more than net/http, KiB/stream"},
	}
	server := httptest.NewServer(http.HandlerFunc(greet))
	defer server.Close()
	base := 0.0
	for _, c := range clients() {
		bytes, err := waiting(c.Name, server.URL, streams)
		server.CloseClientConnections()
		if err != nil {
			return s, fmt.Errorf("%s: %w", c.Name, err)
		}
		more := "–"
		if c.Name == bare().Name {
			base = bytes
		} else {
			more = fmt.Sprintf("%.2f", (bytes-base)/1024)
		}
		table.Rows = append(table.Rows, []string{c.Name, report.Number(bytes / 1024), more})
	}
	s.Tables = append(s.Tables, table)
	return s, nil
}

// clients returns all contenders, the one without a library first.
func clients() []client.Client { return append([]client.Client{bare()}, client.All()...) }

// greet sends one event and waits for the client to leave.
func greet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	if _, err := fmt.Fprint(w, "event: hello\ndata: x\n\n"); err != nil {
		return
	}
	if http.NewResponseController(w).Flush() == nil {
		<-r.Context().Done()
	}
}

// waiting makes a child read the streams, and returns how many bytes each costs.
func waiting(name, url string, streams int) (bytes float64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	bytes, _, err = child.Run[float64](ctx, Name, job{Client: name, URL: url, Streams: streams})
	return bytes, err
}

// Parts returns the parts that child processes run for this section.
func Parts() map[string]child.Part {
	return map[string]child.Part{Name: func(arguments []byte) (any, error) {
		var j job
		if err := json.Unmarshal(arguments, &j); err != nil {
			return nil, err
		}
		for _, c := range clients() {
			if c.Name == j.Client {
				// Not every client can be closed without a panic, so exit without closing it.
				return hold(context.Background(), c, j)
			}
		}
		return nil, fmt.Errorf("there is no client %q", j.Client)
	}}
}

// hold reads the streams until each has had its event, and returns how many bytes each then
// costs. The streams continue until ctx or the process ends.
func hold(ctx context.Context, c client.Client, j job) (bytes float64, err error) {
	dials := make(chan struct{}, dialing)
	failed := make(chan error, j.Streams)
	before := measure.Live()
	for range j.Streams {
		select {
		case dials <- struct{}{}:
		case err := <-failed:
			return 0, err
		}
		go func() {
			err := c.Read(ctx, j.URL, func(string, []byte) bool {
				<-dials
				return true
			})
			failed <- fmt.Errorf("a stream has ended: %w", err)
		}()
	}
	for range dialing { // each has released its slot
		select {
		case dials <- struct{}{}:
		case err := <-failed:
			return 0, err
		}
	}
	return float64(measure.Live()-before) / float64(j.Streams), nil
}
