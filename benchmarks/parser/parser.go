// Package parser compares readers of the wire format: our decoder, those of other Go
// libraries, a hand-written loop, and lower bounds for any parser.
package parser

import (
	"fmt"
	"strings"

	"github.com/rxsse/rxsse/codec"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// Name is the section's name.
const Name = "parser"

// Section measures every contender on every corpus.
func Section(plan measure.Plan) (report.Section, error) {
	s := report.Section{
		Name:  Name,
		Title: "Parser throughput",
		About: "One goroutine reads a stream from memory. Before it is timed, the events of each contender (type, data, " +
			"last event ID) are compared with ours; where they differ, the last column says how.",
		Notes: []string{"The corpora are made in corpus.go, about 1 MiB each. Recorded streams are read where the environment variable RXSSE_CORPUS names a folder that has a folder `recorded` of .sse files, and test vectors where it has a folder `vectors`."},
	}
	all, err := corpora()
	if err != nil {
		return s, err
	}
	chart := report.Chart{File: "parser.svg", Title: "Parser throughput (more is better)", Axis: "MB/s"}
	for _, c := range contenders() {
		if c.about != "" {
			s.Notes = append(s.Notes, c.name+": "+c.about+".")
		}
		if c.events != nil {
			chart.Bars = append(chart.Bars, report.Series{Name: c.name})
		}
	}
	for _, corpus := range all {
		table, throughput, err := corpus.compare(plan)
		if err != nil {
			return s, fmt.Errorf("%s: %w", corpus.name, err)
		}
		s.Tables = append(s.Tables, table)
		chart.Groups = append(chart.Groups, corpus.name)
		for i := range chart.Bars {
			chart.Bars[i].Values = append(chart.Bars[i].Values, throughput[chart.Bars[i].Name])
		}
	}
	s.Charts = []report.Chart{chart}
	table, err := conformance()
	if len(table.Rows) > 0 {
		s.Tables = append(s.Tables, table)
	}
	return s, err
}

func corpora() ([]corpus, error) {
	services, err := recorded()
	return append(made(), services...), err
}

// compare measures the contenders on one corpus and returns its table and the
// throughput of each in MB/s.
func (c corpus) compare(plan measure.Plan) (report.Table, map[string]float64, error) {
	table := report.Table{Columns: []string{"", "MB/s", "ns/event", "allocs/event", "bytes/event", "time, ours owned = 1", "events"}}
	want, err := c.eventsOf(owned())
	if err != nil {
		return table, nil, err
	}
	events := 0
	for _, stream := range want {
		events += len(stream)
	}
	table.Title = fmt.Sprintf("%s: %d events, %d bytes", c.name, events, c.size())
	var runs []measure.Contender
	verdicts := map[string]string{}
	for _, one := range contenders() {
		verdicts[one.name] = c.verdict(one, want)
		runs = append(runs, measure.Contender{Name: one.name, Pass: func() (int, error) {
			for _, wire := range c.streams {
				// The verdict contains its result, including errors.
				_, _ = one.read(wire)
			}
			return events, nil
		}})
	}
	results, err := measure.Run(plan, runs)
	if err != nil {
		return table, nil, err
	}
	base := 1.0
	for _, r := range results {
		if r.Name == owned().name {
			base = r.Time.Median
		}
	}
	throughput := map[string]float64{}
	perEvent := float64(c.size()) / float64(events)
	for _, r := range results {
		throughput[r.Name] = perEvent / r.Time.Median * 1e3
		table.Rows = append(table.Rows, []string{
			r.Name,
			report.Number(throughput[r.Name]),
			fmt.Sprintf("%s (%s–%s)", report.Number(r.Time.Median), report.Number(r.Time.Min), report.Number(r.Time.Max)),
			report.Number(r.Allocs),
			report.Number(r.Bytes),
			report.Times(r.Time.Median, base),
			verdicts[r.Name],
		})
	}
	return table, throughput, nil
}

// eventsOf returns the events of each stream.
func (c corpus) eventsOf(one contender) (all [][]codec.Event, err error) {
	for i, wire := range c.streams {
		events, err := one.events(wire)
		if err != nil {
			return all, fmt.Errorf("stream %d: %w", i, err)
		}
		all = append(all, events)
	}
	return all, nil
}

// verdict compares the events of a contender with the wanted ones.
func (c corpus) verdict(one contender, want [][]codec.Event) string {
	if one.events == nil {
		return "does not parse"
	}
	wrong, first := 0, ""
	for i, wire := range c.streams {
		got, err := one.events(wire)
		said := difference(want[i], got)
		if err != nil {
			said = "wrong: " + err.Error()
		}
		if said == same {
			continue
		}
		if wrong++; wrong == 1 {
			first = said
			if c.files != nil {
				first = c.files[i] + ", " + strings.TrimPrefix(said, "wrong: ")
			}
		}
	}
	switch {
	case wrong == 0:
		return same
	case len(c.streams) == 1:
		return first
	}
	return fmt.Sprintf("wrong in %d of %d streams: %s", wrong, len(c.streams), first)
}

// same is the verdict on equal events.
const same = "the same"

// difference describes the first difference between events, or returns same.
func difference(want, got []codec.Event) string {
	if len(got) != len(want) {
		return fmt.Sprintf("wrong: %d events instead of %d", len(got), len(want))
	}
	wrong, first := 0, ""
	for i := range want {
		if want[i] == got[i] {
			continue
		}
		if wrong++; wrong > 1 {
			continue
		}
		switch w, g := want[i], got[i]; {
		case w.Type != g.Type:
			first = fmt.Sprintf("type %.20q instead of %.20q", g.Type, w.Type)
		case w.ID != g.ID:
			first = fmt.Sprintf("last event ID %.20q instead of %.20q", g.ID, w.ID)
		default:
			first = fmt.Sprintf("data %.20q instead of %.20q", g.Data, w.Data)
		}
		first = fmt.Sprintf("event %d has %s", i+1, first)
	}
	if wrong == 0 {
		return same
	}
	return fmt.Sprintf("wrong in %d of %d: %s", wrong, len(want), first)
}
