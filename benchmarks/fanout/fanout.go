// Package fanout compares servers that send the same events to many clients.
package fanout

import (
	"fmt"
	"time"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// Name is the section's name.
const Name = "fanout"

// scales returns the measured scales, each with about the same number of deliveries.
func scales(plan measure.Plan) []scale {
	if plan == measure.Quick {
		return []scale{{subscribers: 20, burst: 50, paced: 10, every: time.Millisecond}}
	}
	return []scale{
		{subscribers: 100, burst: 3000, paced: 400, every: 5 * time.Millisecond},
		{subscribers: 1000, burst: 300, paced: 40, every: 50 * time.Millisecond},
		{subscribers: 5000, burst: 60, paced: 8, every: 250 * time.Millisecond},
	}
}

// Section measures every server at every scale.
func Section(plan measure.Plan) (report.Section, error) {
	s := report.Section{
		Name:  Name,
		Title: "Fan-out",
		About: "A server, a process of its own, sends events of about 200 bytes to many connections over loopback; the subscribers, in another process, check that each gets all. " +
			"First a burst, as fast as the server takes it; then evenly, 20,000 deliveries a second. A delivery is an event at a subscriber. " +
			"CPU time is that of the server alone, delay is from before the event is published until the subscriber has it.",
	}
	chart := report.Chart{File: "fanout.svg", Title: "Fan-out, evenly: CPU of the server (less is better)", Axis: "µs/delivery"}
	for _, one := range Servers() {
		chart.Bars = append(chart.Bars, report.Series{Name: one.Name})
		s.Notes = append(s.Notes, one.Name+": "+one.About+".")
	}
	for _, size := range scales(plan) {
		table := report.Table{
			Title:   fmt.Sprintf("%d subscribers", size.subscribers),
			Columns: []string{"", "burst: deliveries/s", "burst: CPU µs/delivery", "burst: writes/delivery", "burst: wake-ups/delivery", "burst: ns of waiting for locks/delivery", "evenly: CPU µs/delivery", "delay p50, ms", "delay p99, ms", "peak MiB"},
		}
		all, err := compare(size, min(plan.Rounds, 3))
		if err != nil {
			return s, fmt.Errorf("%d subscribers: %w", size.subscribers, err)
		}
		chart.Groups = append(chart.Groups, fmt.Sprint(size.subscribers))
		for i, one := range Servers() {
			costs := all[i]
			table.Rows = append(table.Rows, []string{
				one.Name,
				spread(costs, func(c cost) float64 { return c.burst }),
				spread(costs, func(c cost) float64 { return c.burstCPU }),
				spread(costs, func(c cost) float64 { return c.each.writes }),
				spread(costs, func(c cost) float64 { return c.each.wakeups }),
				spread(costs, func(c cost) float64 { return c.each.locked }),
				spread(costs, func(c cost) float64 { return c.pacedCPU }),
				spread(costs, func(c cost) float64 { return c.p50 }),
				spread(costs, func(c cost) float64 { return c.p99 }),
				spread(costs, func(c cost) float64 { return c.peak }),
			})
			chart.Bars[i].Values = append(chart.Bars[i].Values, spreadOf(costs, func(c cost) float64 { return c.pacedCPU }).Median)
		}
		s.Tables = append(s.Tables, table)
	}
	s.Charts = []report.Chart{chart}
	return s, nil
}

// compare runs the servers in turn.
func compare(size scale, rounds int) ([][]cost, error) {
	all := make([][]cost, len(Servers()))
	for range rounds {
		for i, one := range Servers() {
			c, err := run(one.Name, size)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", one.Name, err)
			}
			all[i] = append(all[i], c)
		}
	}
	return all, nil
}

func spreadOf(costs []cost, of func(cost) float64) measure.Spread {
	values := make([]float64, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	return measure.SpreadOf(values)
}

func spread(costs []cost, of func(cost) float64) string {
	s := spreadOf(costs, of)
	return fmt.Sprintf("%s (%s–%s)", report.Number(s.Median), report.Number(s.Min), report.Number(s.Max))
}
