// Package pipeline compares what happens to an item between its source and its consumer: our
// operators, those of other Go libraries, and hand-written loops.
package pipeline

import (
	"fmt"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// Name is the section's name.
const Name = "pipeline"

// items is the number of items in one pass.
const items = 20_000

// A pipeline is a task for the contenders.
type pipeline struct {
	name, title string
	of          func(Contender) func([]Trade) int64
}

func pipelines() []pipeline {
	return []pipeline{
		{"filter, map, window, reduce", "filter → map → window(100) → reduce", func(c Contender) func([]Trade) int64 { return c.Windows }},
		{"debounce", "debounce(1 ms), items as fast as they come", func(c Contender) func([]Trade) int64 { return c.Debounce }},
		{"sum by key", fmt.Sprintf("sum by key, %d keys", keys), func(c Contender) func([]Trade) int64 { return c.Keyed }},
		{"merge of 4", "merge of 4 concurrent streams", func(c Contender) func([]Trade) int64 { return c.Merge }},
		{"fan-out to 4", "fan-out to 4 consumers", func(c Contender) func([]Trade) int64 { return c.FanOut }},
	}
}

// Section measures every contender in every pipeline.
func Section(plan measure.Plan) (report.Section, error) {
	s := report.Section{
		Name:  Name,
		Title: "Pipelines",
		About: fmt.Sprintf("%d items of 40 bytes from memory through a pipeline that is built and ended each time. The last column says whether a contender comes to the result of the hand-written loop, in every pass.", items),
	}
	chart := report.Chart{File: "pipeline.svg", Title: "Pipelines (less is better)", Axis: "ns/item", Log: true}
	for _, c := range Contenders() {
		chart.Bars = append(chart.Bars, report.Series{Name: c.Name})
		if c.About != "" {
			s.Notes = append(s.Notes, c.Name+": "+c.About+".")
		}
	}
	for _, p := range pipelines() {
		results, verdicts, err := p.compare(plan)
		if err != nil {
			return s, fmt.Errorf("%s: %w", p.name, err)
		}
		s.Tables = append(s.Tables, p.table(results, verdicts))
		chart.Groups = append(chart.Groups, p.name)
		for i := range chart.Bars {
			bar := &chart.Bars[i]
			bar.Values = append(bar.Values, timeOf(results, bar.Name))
		}
	}
	s.Charts = []report.Chart{chart}
	return s, nil
}

// compare measures the contenders in one pipeline, and checks the result of each.
func (p pipeline) compare(plan measure.Plan) ([]measure.Result, map[string]string, error) {
	all := Trades(items)
	want := p.of(Loop())(all)
	verdicts := map[string]string{}
	var runs []measure.Contender
	for _, c := range Contenders() {
		run := p.of(c)
		if run == nil {
			continue
		}
		verdicts[c.Name] = "right"
		runs = append(runs, measure.Contender{Name: c.Name, Pass: func() (int, error) {
			if got := run(all); got != want {
				verdicts[c.Name] = fmt.Sprintf("wrong: %d instead of %d", got, want)
			}
			return items, nil
		}})
	}
	results, err := measure.Run(plan, runs)
	return results, verdicts, err
}

func (p pipeline) table(results []measure.Result, verdicts map[string]string) report.Table {
	t := report.Table{Title: p.title, Columns: []string{"", "ns/item", "allocs/item", "bytes/item", "time, rxsse = 1", "result"}}
	base := timeOf(results, ours().Name)
	for _, r := range results {
		t.Rows = append(t.Rows, []string{
			r.Name,
			fmt.Sprintf("%s (%s–%s)", report.Number(r.Time.Median), report.Number(r.Time.Min), report.Number(r.Time.Max)),
			report.Number(r.Allocs),
			report.Number(r.Bytes),
			report.Times(r.Time.Median, base),
			verdicts[r.Name],
		})
	}
	return t
}

// timeOf returns a contender's time per item, or 0 if it does not take part.
func timeOf(results []measure.Result, name string) float64 {
	for _, r := range results {
		if r.Name == name {
			return r.Time.Median
		}
	}
	return 0
}
