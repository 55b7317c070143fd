// Package cores measures structures that goroutines share at different values of GOMAXPROCS:
// how the cost of an item changes as more goroutines run at the same time.
package cores

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// Name is the section's name.
const Name = "cores"

// ours is the name of the contender that the others are compared with.
const ours = "rxsse"

// procs returns the values of GOMAXPROCS.
func procs() []int { return []int{1, 2, 4, 16} }

// Section measures all structures.
func Section(plan measure.Plan) (report.Section, error) {
	s := report.Section{
		Name:  Name,
		Title: "Cores",
		About: fmt.Sprintf("What an item costs in structures that several goroutines share, with GOMAXPROCS at %v: "+
			"wall time, so that a structure that uses more cores well gets cheaper to the right. "+
			"Contenders take turns, and the results of each pass are checked. The section Pipelines describes the contenders of the operators, "+
			"Fan-out those of the Broadcaster.", procs()),
	}
	size := sizes{trades: 20_000, events: 500}
	if plan == measure.Quick {
		size = sizes{trades: 1000, events: 20}
	}
	plan.Rounds = min(plan.Rounds, 5)
	waiting := report.Table{
		Title:   "rxsse: waiting for locks, and goroutines made to run, an item",
		Columns: []string{""},
	}
	for _, n := range procs() {
		waiting.Columns = append(waiting.Columns, fmt.Sprintf("GOMAXPROCS %d: ns of waiting", n), "wake-ups")
	}
	for _, st := range structures() {
		curves, err := st.measure(plan, size)
		if err != nil {
			return s, fmt.Errorf("%s: %w", st.name, err)
		}
		s.Tables = append(s.Tables, st.table(curves))
		waiting.Rows = append(waiting.Rows, curves[0].waiting(st.name))
		if st.file != "" {
			s.Charts = append(s.Charts, st.chart(curves))
		}
		s.Notes = append(s.Notes, comparison(st.name, curves))
	}
	s.Tables = append(s.Tables, waiting)
	s.Notes = append(s.Notes,
		"Waiting for locks is that of all goroutines together, for locks of package sync and of the runtime. "+
			fmt.Sprintf("The runtime counts one wake-up in %d, so that small figures are rough.", measure.SchedulerSamples))
	if note := fewerCores(runtime.NumCPU()); note != "" {
		s.Notes = append(s.Notes, note)
	}
	return s, nil
}

// fewerCores returns a note for a machine with fewer cores than GOMAXPROCS, or "".
func fewerCores(cores int) string {
	above := slices.DeleteFunc(procs(), func(n int) bool { return n <= cores })
	if len(above) == 0 {
		return ""
	}
	return fmt.Sprintf("This machine has %d cores. With GOMAXPROCS at %s the system shares them among more threads than that: "+
		"those columns show how a structure bears threads that are stopped while they hold a lock, not how it uses more cores.", cores, list(above))
}

// A curve is the cost of a contender at each of procs.
type curve struct {
	name       string
	times      []measure.Spread // ns an item
	contention []measure.Contention
	verdict    string // whether its results are correct
}

// measure returns the curves of the contenders, ours first.
func (st structure) measure(plan measure.Plan, size sizes) (curves []curve, err error) {
	contenders, stop := st.start(size)
	defer stop()
	var runs []measure.Contender
	for _, c := range contenders {
		curves = append(curves, curve{name: c.name, verdict: "right"})
		at := len(curves) - 1
		runs = append(runs, measure.Contender{Name: c.name, Pass: func() (int, error) {
			got, err := c.pass()
			if got != c.want && err == nil {
				curves[at].verdict = fmt.Sprintf("wrong: %d instead of %d", got, c.want)
			}
			return c.items, err
		}})
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, n := range procs() {
		runtime.GOMAXPROCS(n)
		results, err := measure.Run(plan, runs)
		if err != nil {
			return nil, fmt.Errorf("GOMAXPROCS %d: %w", n, err)
		}
		for i, r := range results {
			curves[i].times = append(curves[i].times, r.Time)
			curves[i].contention = append(curves[i].contention, r.Contention)
		}
	}
	return curves, nil
}

func (st structure) table(curves []curve) report.Table {
	t := report.Table{Title: st.title + ", " + st.unit, Columns: []string{"GOMAXPROCS"}}
	for _, n := range procs() {
		t.Columns = append(t.Columns, fmt.Sprint(n), "rxsse = 1")
	}
	t.Columns = append(t.Columns, "result")
	for _, c := range curves {
		row := []string{c.name}
		for i, v := range c.times {
			row = append(row,
				fmt.Sprintf("%s (%s–%s)", report.Number(v.Median), report.Number(v.Min), report.Number(v.Max)),
				report.Times(v.Median, curves[0].times[i].Median))
		}
		t.Rows = append(t.Rows, append(row, c.verdict))
	}
	return t
}

func (st structure) chart(curves []curve) report.Chart {
	chart := report.Chart{File: st.file, Title: st.title + " (less is better)", Over: "GOMAXPROCS", Axis: st.unit, Log: true}
	for _, c := range curves {
		line := report.Series{Name: c.name}
		for i, n := range procs() {
			line.X = append(line.X, float64(n))
			line.Values = append(line.Values, c.times[i].Median)
		}
		chart.Lines = append(chart.Lines, line)
	}
	return chart
}

// waiting returns the row of lock waits and wake-ups.
func (c curve) waiting(name string) []string {
	row := []string{name}
	for _, v := range c.contention {
		row = append(row, report.Number(v.Locked), report.Number(v.Wakeups))
	}
	return row
}

// noise is the ratio that a difference must exceed to be reported.
const noise = 1.05

// comparison returns a sentence that says where the first of the curves loses.
func comparison(name string, curves []curve) string {
	var faster []string
	for _, c := range curves[1:] {
		if c.verdict != "right" {
			continue
		}
		var where []string
		for i, n := range procs() {
			if mine, theirs := curves[0].times[i].Median, c.times[i].Median; mine > theirs*noise {
				where = append(where, fmt.Sprintf("%d (%s)", n, report.Times(mine, theirs)))
			}
		}
		if len(where) > 0 {
			faster = append(faster, fmt.Sprintf("than %s at GOMAXPROCS %s", c.name, list(where)))
		}
	}
	if len(faster) == 0 {
		return fmt.Sprintf("%s: no peer with right results is more than %.0f %% faster than rxsse at any GOMAXPROCS.", name, (noise-1)*100)
	}
	return fmt.Sprintf("%s: **rxsse is slower** %s.", name, strings.Join(faster, "; "))
}

// list writes values as a list: 1, 2 and 4.
func list[T any](values []T) string {
	var b strings.Builder
	for i, v := range values {
		switch {
		case i == 0:
		case i == len(values)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprint(&b, v)
	}
	return b.String()
}
