package scale

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/client"
	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// A job is the work of a child process, a reading its result.
type (
	job struct {
		Client  string
		URL     string
		Streams int
	}
	reading struct{ Events int64 }
)

// within is the time limit of a client for all its streams.
const within = time.Minute

// streams measures one process that reads many streams at the same time. The same number of
// events is divided among them, and each has enough of them to make connecting a small part
// of the cost.
func streams(plan measure.Plan) (growth, error) {
	events, least := 400_000, 1_000
	if plan == measure.Quick {
		events, least = 20_000, 10
	}
	g := growth{
		title: "Concurrent streams", file: "scale-streams.svg", over: "streams", axis: "CPU µs/event",
		table: report.Table{Columns: []string{"streams", "client", "CPU µs/event", "peak MiB", "KiB/stream"}},
	}
	contenders := client.All()[:2]
	alone := map[string]float64{} // the memory for one stream
	for _, n := range sizes(plan, 1, 10, 100, 500, 1_000, 2_000) {
		each := max(events/n, least)
		cpu, peak := map[string][]float64{}, map[string][]float64{}
		for range plan.Rounds {
			for _, c := range contenders {
				usage, err := read(c.Name, n, each)
				if err != nil {
					return g, fmt.Errorf("%s, %d: %w", c.Name, n, err)
				}
				cpu[c.Name] = append(cpu[c.Name], float64(usage.CPU.Microseconds())/float64(n*each))
				peak[c.Name] = append(peak[c.Name], float64(usage.Peak))
			}
		}
		for _, c := range contenders {
			cost, memory := measure.SpreadOf(cpu[c.Name]), measure.SpreadOf(peak[c.Name]).Median
			perStream := "–"
			if n == 1 {
				alone[c.Name] = memory
			} else {
				perStream = report.Number(max(0, memory-alone[c.Name]) / float64(n-1) / (1 << 10))
			}
			g.add(c.Name, n, cost.Median)
			g.table.Rows = append(g.table.Rows, []string{
				fmt.Sprint(n), c.Name, report.Number(cost.Median), report.Number(memory / (1 << 20)), perStream,
			})
		}
	}
	return g, nil
}

// read makes a child read n streams of each events.
func read(name string, n, each int) (child.Usage, error) {
	server := httptest.NewServer(serve(n, each))
	defer server.Close()
	defer server.CloseClientConnections()
	ctx, cancel := context.WithTimeout(context.Background(), within+10*time.Second)
	defer cancel()
	got, usage, err := child.Run[reading](ctx, Name, job{Client: name, URL: server.URL, Streams: n})
	if err == nil && got.Events != int64(n*each) {
		err = fmt.Errorf("got %d events instead of %d", got.Events, n*each)
	}
	return usage, err
}

// serve sends each client its events, ten per write, once all n have connected.
func serve(n, each int) http.HandlerFunc {
	var missing atomic.Int64
	missing.Store(int64(n))
	complete := make(chan struct{})
	event := "event: tick\ndata: " + strings.Repeat("x", 100) + "\n\n"
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		control := http.NewResponseController(w)
		if control.Flush() != nil {
			return
		}
		if missing.Add(-1) == 0 {
			close(complete)
		}
		select {
		case <-complete:
		case <-r.Context().Done():
			return
		}
		for left := each; left > 0; left -= 10 {
			if _, err := fmt.Fprint(w, strings.Repeat(event, min(left, 10))); err != nil || control.Flush() != nil {
				return
			}
		}
		fmt.Fprint(w, "event: end\ndata: x\n\n")
		if control.Flush() == nil {
			<-r.Context().Done()
		}
	}
}

// Parts are what child processes do for this section.
func Parts() map[string]child.Part {
	return map[string]child.Part{Name: func(arguments []byte) (any, error) {
		var j job
		if err := json.Unmarshal(arguments, &j); err != nil {
			return nil, err
		}
		for _, c := range client.All() {
			if c.Name == j.Client {
				return listen(c, j)
			}
		}
		return nil, fmt.Errorf("there is no client %q", j.Client)
	}}
}

// listen reads the streams, each on a goroutine of its own.
func listen(c client.Client, j job) (reading, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var events atomic.Int64
	failed := make([]error, j.Streams)
	var running sync.WaitGroup
	for i := range j.Streams {
		running.Go(func() {
			failed[i] = c.Read(ctx, j.URL, func(kind string, _ []byte) bool {
				if kind == "tick" {
					events.Add(1)
				}
				return kind == "tick"
			})
		})
	}
	running.Wait()
	return reading{Events: events.Load()}, errors.Join(failed...)
}
