// Package latency measures how long an event takes from the server's write to the consumer's
// callback in another process.
package latency

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/client"
	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// Name is the section's name.
const Name = "latency"

// rates returns the rates, in events per second.
func rates() []int { return []int{1_000, 10_000, 50_000} }

// samples are the delays in the runs of one client, in microseconds.
type samples struct{ p50, p99, p999 []float64 }

// Section measures every client at every rate.
func Section(plan measure.Plan) (report.Section, error) {
	seconds, rounds := 2.0, min(plan.Rounds, 3)
	if plan == measure.Quick {
		seconds = 0.2
	}
	s := report.Section{
		Name:  Name,
		Title: "Latency",
		About: fmt.Sprintf("From just before the server's write to the consumer's callback, over loopback, the client in a process of its own. "+
			"The server sends events of about 150 bytes evenly, each in a write and flush of its own, for %g seconds; the first tenth does not count. "+
			"Server and client share the cores, so a busy client slows its server too.", seconds),
	}
	server := httptest.NewServer(http.HandlerFunc(serve))
	defer server.Close()
	defer server.CloseClientConnections() // not every client disconnects
	chart := report.Chart{File: "latency.svg", Title: "Latency, 99th percentile (less is better)", Axis: "µs", Log: true}
	for _, c := range client.All() {
		chart.Bars = append(chart.Bars, report.Series{Name: c.Name})
		if c.About != "" {
			s.Notes = append(s.Notes, c.Name+": "+c.About+".")
		}
	}
	for _, rate := range rates() {
		table := report.Table{
			Title:   fmt.Sprintf("%d events/s", rate),
			Columns: []string{"", "p50, µs", "p99, µs", "p99.9, µs"},
		}
		all, err := compare(server.URL, rate, int(float64(rate)*seconds), rounds)
		if err != nil {
			return s, fmt.Errorf("%d events/s: %w", rate, err)
		}
		chart.Groups = append(chart.Groups, fmt.Sprintf("%d/s", rate))
		for i, c := range client.All() {
			d := all[i]
			table.Rows = append(table.Rows, []string{c.Name, spread(d.p50), spread(d.p99), spread(d.p999)})
			chart.Bars[i].Values = append(chart.Bars[i].Values, measure.SpreadOf(d.p99).Median)
		}
		s.Tables = append(s.Tables, table)
	}
	s.Charts = []report.Chart{chart}
	return s, nil
}

// compare runs the clients in turn.
func compare(server string, rate, events, rounds int) ([]samples, error) {
	all := make([]samples, len(client.All()))
	for range rounds {
		for i, c := range client.All() {
			d, err := run(server, c.Name, rate, events)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			all[i].p50 = append(all[i].p50, float64(d.P50)/1e3)
			all[i].p99 = append(all[i].p99, float64(d.P99)/1e3)
			all[i].p999 = append(all[i].p999, float64(d.P999)/1e3)
		}
	}
	return all, nil
}

func run(server, name string, rate, events int) (delays, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within+10*time.Second)
	defer cancel()
	url := fmt.Sprintf("%s/?rate=%d&events=%d", server, rate, events)
	d, _, err := child.Run[delays](ctx, Name, job{Client: name, URL: url, Events: events})
	return d, err
}

func spread(values []float64) string {
	s := measure.SpreadOf(values)
	return fmt.Sprintf("%s (%s–%s)", report.Number(s.Median), report.Number(s.Min), report.Number(s.Max))
}
