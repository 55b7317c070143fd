// Package jsondecode compares JSON libraries on payloads of events: how fast they decode, and
// how they handle input that a server should not send.
package jsondecode

import (
	"fmt"
	"runtime"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// Name is the section's name.
const Name = "json"

// Section measures every library on every document and decodes every probe with it.
func Section(plan measure.Plan) (report.Section, error) {
	s := report.Section{
		Name:  Name,
		Title: "JSON libraries",
		About: "One goroutine decodes one document again and again, each time into a new value of a Go struct. " +
			"`codec.Unmarshal` takes the Unmarshal function of any of them. With " + runtime.Version() + " on " + runtime.GOARCH + ".",
	}
	chart := report.Chart{File: "json.svg", Title: "Decoding JSON (more is better)", Axis: "MB/s"}
	for _, c := range contenders() {
		chart.Bars = append(chart.Bars, report.Series{Name: c.name})
		if c.about != "" {
			s.Notes = append(s.Notes, c.name+": "+c.about+".")
		}
	}
	for _, d := range documents() {
		results, err := d.compare(plan)
		if err != nil {
			return s, fmt.Errorf("%s: %w", d.name, err)
		}
		table := report.Table{
			Title:   fmt.Sprintf("%s (%d bytes)", d.name, len(d.text)),
			Columns: []string{"", "ns", "MB/s", "allocs", "bytes allocated", "time, " + results[0].Name + " = 1"},
		}
		chart.Groups = append(chart.Groups, d.name)
		for i, r := range results {
			throughput := float64(len(d.text)) / r.Time.Median * 1e3
			table.Rows = append(table.Rows, []string{
				r.Name,
				fmt.Sprintf("%s (%s–%s)", report.Number(r.Time.Median), report.Number(r.Time.Min), report.Number(r.Time.Max)),
				report.Number(throughput), report.Number(r.Allocs), report.Number(r.Bytes),
				report.Times(r.Time.Median, results[0].Time.Median),
			})
			chart.Bars[i].Values = append(chart.Bars[i].Values, throughput)
		}
		s.Tables = append(s.Tables, table)
	}
	s.Charts = []report.Chart{chart}
	s.Tables = append(s.Tables, behaviour())
	return s, nil
}

// passLength is how often a pass decodes a document.
const passLength = 20

func (d document) compare(plan measure.Plan) ([]measure.Result, error) {
	var runs []measure.Contender
	for _, c := range contenders() {
		text := []byte(d.text)
		runs = append(runs, measure.Contender{Name: c.name, Pass: func() (int, error) {
			for range passLength {
				if err := c.unmarshal(text, d.make()); err != nil {
					return 0, err
				}
			}
			return passLength, nil
		}})
	}
	return measure.Run(plan, runs)
}

// behaviour returns a table with a row for each probe.
func behaviour() report.Table {
	t := report.Table{Title: "What they do with input that a server should not send", Columns: []string{""}}
	for _, c := range contenders() {
		t.Columns = append(t.Columns, c.name)
	}
	for _, p := range probes() {
		row := []string{p.name}
		for _, c := range contenders() {
			row = append(row, c.tryInChild(p))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
