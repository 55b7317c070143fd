// Package endtoend compares whole client programs: the cost of a process that reads events
// from a server over loopback, decodes and counts them.
package endtoend

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// Name is the section's name.
const Name = "endtoend"

// within is the time limit of a client.
const within = 2 * time.Minute

// samples are the costs of one contender's runs.
type samples struct{ cpu, elapsed, peak []float64 }

// Section measures every contender in its own process.
func Section(plan measure.Plan) (report.Section, error) {
	blocks, rounds := 1000, min(plan.Rounds, 3)
	if plan == measure.Quick {
		blocks = 20
	}
	s := report.Section{
		Name:  Name,
		Title: "End to end",
		About: fmt.Sprintf("A server sends %d events of about 70 bytes over loopback; three in four are trades. "+
			"The client, a process of its own, picks the trades, decodes their JSON (with go-json-experiment/json, where the name does not say otherwise) and counts them. "+
			"CPU time is that of the whole client process, user and system, memory the most it had resident.", blocks*block),
	}
	wire, _, qty, err := encoded()
	if err != nil {
		return s, err
	}
	server := httptest.NewServer(serve(wire))
	defer server.Close()
	defer server.CloseClientConnections() // not every client disconnects
	url := fmt.Sprintf("%s/?blocks=%d", server.URL, blocks)
	want := count{Trades: int64(blocks * block * (unwanted - 1) / unwanted), Qty: int64(blocks) * qty}

	all := map[string]*samples{}
	for range rounds {
		for _, c := range contenders() {
			if all[c.name] == nil {
				all[c.name] = &samples{}
			}
			if err := all[c.name].take(c.name, url, want, int64(blocks*len(wire))); err != nil {
				return s, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	s.Tables, s.Charts = []report.Table{table(all, blocks*block)}, []report.Chart{chart(all, blocks*block)}
	for _, c := range contenders() {
		if c.about != "" {
			s.Notes = append(s.Notes, c.name+": "+c.about+".")
		}
	}
	return s, nil
}

// take runs a contender once.
func (s *samples) take(name, url string, want count, size int64) error {
	ctx, cancel := context.WithTimeout(context.Background(), within+time.Minute)
	defer cancel()
	begin := time.Now()
	got, usage, err := child.Run[count](ctx, Name, job{Contender: name, URL: url})
	if err != nil {
		return err
	}
	switch name {
	case download:
		want = count{Bytes: size}
	case decoding:
		want.Bytes = size
	}
	if got != want {
		return fmt.Errorf("counted %+v instead of %+v", got, want)
	}
	s.elapsed = append(s.elapsed, time.Since(begin).Seconds())
	s.cpu = append(s.cpu, usage.CPU.Seconds())
	s.peak = append(s.peak, float64(usage.Peak)/(1<<20))
	return nil
}

func table(all map[string]*samples, events int) report.Table {
	t := report.Table{Columns: []string{"", "CPU seconds", "CPU ns/event", "CPU, rxsse = 1", "seconds", "peak MiB"}}
	base := measure.SpreadOf(all[contenders()[0].name].cpu).Median
	for _, c := range contenders() {
		cpu, elapsed, peak := measure.SpreadOf(all[c.name].cpu), measure.SpreadOf(all[c.name].elapsed), measure.SpreadOf(all[c.name].peak)
		t.Rows = append(t.Rows, []string{
			c.name,
			fmt.Sprintf("%s (%s–%s)", report.Number(cpu.Median), report.Number(cpu.Min), report.Number(cpu.Max)),
			report.Number(cpu.Median / float64(events) * 1e9),
			report.Times(cpu.Median, base),
			report.Number(elapsed.Median),
			report.Number(peak.Median),
		})
	}
	return t
}

func chart(all map[string]*samples, events int) report.Chart {
	c := report.Chart{File: "endtoend.svg", Title: "End to end: cost of the client process (less is better)", Axis: "CPU seconds"}
	c.Groups = []string{fmt.Sprintf("%d events", events)}
	for _, one := range contenders() {
		c.Bars = append(c.Bars, report.Series{Name: one.name, Values: []float64{measure.SpreadOf(all[one.name].cpu).Median}})
	}
	return c
}
