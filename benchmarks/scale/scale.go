// Package scale measures how the cost of rxsse grows with the size of its work: stages in a
// pipeline, keys, bytes per event, concurrent streams. The cost per item should stay flat, or
// grow as that of the simplest code does.
package scale

import (
	"fmt"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// Name is the section's name.
const Name = "scale"

// A growth is a cost measured at several sizes of one thing.
type growth struct {
	title string
	file  string
	over  string // the thing, and the unit of its sizes
	axis  string // the unit of the cost
	log   bool
	table report.Table
	lines []report.Series
}

// Section measures all kinds of growth.
func Section(plan measure.Plan) (report.Section, error) {
	s := report.Section{
		Name:  Name,
		Title: "Scale",
		About: "How the cost of rxsse grows. A cost an item that stays flat is linear growth altogether.",
		Notes: []string{
			"Stages: the processor remembers where a few dozen nested calls return to. Deeper than that every return is a surprise to it, in calls by hand as well.",
			"Keys: from about 100,000 on they no longer fit the processor's caches, in a map by hand as well.",
			"Event size: the buffer of a decoder grows to the size of the largest event once a stream. The stream of the largest events has only four, so that shows.",
			"Streams: with many of them the system's reads and the garbage collector, which has more stacks to look at, take more; the clients themselves do not.",
		},
	}
	if plan.Rounds > 3 {
		plan.Rounds = 3 // each size is measured, so a bad sample shows as a bend
	}
	for _, kind := range []struct {
		name string
		run  func(measure.Plan) (growth, error)
	}{{"stages", stages}, {"keys", keys}, {"event size", eventSize}, {"streams", streams}} {
		g, err := kind.run(plan)
		if err != nil {
			return s, fmt.Errorf("%s: %w", kind.name, err)
		}
		g.table.Title = g.title
		s.Tables = append(s.Tables, g.table)
		s.Charts = append(s.Charts, report.Chart{
			File: g.file, Title: g.title, Over: g.over, Axis: g.axis, Log: g.log, Lines: g.lines,
		})
	}
	return s, nil
}

// sizes returns the sizes to measure: in a quick run, only the first few.
func sizes(plan measure.Plan, all ...int) []int {
	if plan == measure.Quick {
		return all[:3]
	}
	return all
}

// add adds a point to the line of that name.
func (g *growth) add(name string, x int, value float64) {
	for i := range g.lines {
		if g.lines[i].Name == name {
			g.lines[i].X = append(g.lines[i].X, float64(x))
			g.lines[i].Values = append(g.lines[i].Values, value)
			return
		}
	}
	g.lines = append(g.lines, report.Series{Name: name, X: []float64{float64(x)}, Values: []float64{value}})
}
