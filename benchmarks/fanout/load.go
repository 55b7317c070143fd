package fanout

import (
	"context"
	"fmt"
	"time"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// LoadName is the name of the section that Load makes.
const LoadName = "load"

// A load is a rate for a server to sustain.
type load struct {
	subscribers int
	every       time.Duration // between two events
	length      time.Duration
}

func (l load) events() int { return int(l.length / l.every) }

// rate returns deliveries per second.
func (l load) rate() float64 { return float64(l.subscribers) / l.every.Seconds() }

// A held is the result of a load.
type held struct {
	late     time.Duration // how much longer than planned it took
	cpu      float64       // of the server: cores
	p50, p99 float64       // ms
	peak     float64       // MiB
	each     perDelivery
}

// holds reports whether the server kept pace: at the end it was behind by less than
// a tenth of the time.
func (h held) holds(l load) bool { return h.late < l.length/10 }

// Load runs our server at 500,000 deliveries per second for half a minute, and finds the
// highest rate that each server sustains.
func Load(plan measure.Plan) (report.Section, error) {
	long := load{subscribers: 5000, every: 10 * time.Millisecond, length: 30 * time.Second}
	shorts := []load{
		{subscribers: 100, every: 2 * time.Millisecond, length: 3 * time.Second},
		{subscribers: 1000, every: 20 * time.Millisecond, length: 3 * time.Second},
		{subscribers: 5000, every: 100 * time.Millisecond, length: 3 * time.Second},
	}
	most := 4e6
	if plan == measure.Quick {
		long = load{subscribers: 20, every: 10 * time.Millisecond, length: 200 * time.Millisecond}
		shorts = []load{{subscribers: 20, every: 20 * time.Millisecond, length: 200 * time.Millisecond}}
		most = 1
	}
	s := report.Section{
		Name:  LoadName,
		Title: "Load",
		About: "The same servers and subscribers, each in a process of its own on the same cores, with a rate to hold: every subscriber has to get every event, and at the end the server may not be behind by more than a tenth of the time. Delays are those of every 50th subscriber.",
	}
	result, err := hold("rxsse", long)
	if err != nil {
		return s, err
	}
	s.Tables = append(s.Tables, report.Table{
		Title:   fmt.Sprintf("rxsse: %d subscribers, an event of about 200 bytes each %v, for %v", long.subscribers, long.every, long.length),
		Columns: []string{"", "deliveries/s", "lost", "late, ms", "server, cores", "delay p50, ms", "delay p99, ms", "peak MiB", "KiB/subscriber"},
		Rows: [][]string{{
			"rxsse", fmt.Sprintf("%.0f", long.rate()), "0", fmt.Sprint(result.late.Milliseconds()), report.Number(result.cpu),
			report.Number(result.p50), report.Number(result.p99), report.Number(result.peak), report.Number(result.peak * 1024 / float64(long.subscribers)),
		}},
	})
	chart := report.Chart{File: "load.svg", Title: "The highest rate that a server holds (more is better)", Axis: "deliveries/s"}
	for _, one := range Servers() {
		chart.Bars = append(chart.Bars, report.Series{Name: one.Name})
	}
	for _, short := range shorts {
		table := report.Table{
			Title:   fmt.Sprintf("The highest rate that holds for %v, %d subscribers", short.length, short.subscribers),
			Columns: []string{"", "deliveries/s", "server, cores", "delay p50, ms", "delay p99, ms", "the next one, deliveries/s"},
		}
		chart.Groups = append(chart.Groups, fmt.Sprintf("%d subscribers", short.subscribers))
		for i, one := range Servers() {
			row, rate, err := highest(one.Name, short, most)
			if err != nil {
				return s, fmt.Errorf("%s: %w", one.Name, err)
			}
			table.Rows = append(table.Rows, row)
			chart.Bars[i].Values = append(chart.Bars[i].Values, rate)
		}
		s.Tables = append(s.Tables, table)
	}
	s.Charts = []report.Chart{chart}
	s.Notes = []string{"Memory is the whole process at its peak, net/http's included: about 25 KiB of it are what net/http needs for a connection whose handler waits."}
	return s, nil
}

// highest raises the rate by half each time, up to most or until the server cannot sustain
// it. It returns a row of the table, and the highest sustained rate.
func highest(name string, l load, most float64) (row []string, rate float64, err error) {
	row = []string{name, "–", "–", "–", "–", "–"}
	for {
		result, err := hold(name, l)
		if err != nil {
			return row, rate, err
		}
		if !result.holds(l) {
			row[5] = fmt.Sprintf("%.0f", l.rate())
			return row, rate, nil
		}
		rate = l.rate()
		row = []string{name, fmt.Sprintf("%.0f", rate), report.Number(result.cpu), report.Number(result.p50), report.Number(result.p99), "–"}
		if rate >= most {
			return row, rate, nil
		}
		l.every = l.every * 2 / 3
	}
}

// hold puts a load on a server. It fails if a subscriber does not get every event.
func hold(name string, l load) (h held, err error) {
	usage, err := hosted(name, func(ctx context.Context, server string) error {
		all, failed, err := connect(ctx, server, l.subscribers, true)
		defer disconnect(all)
		if err != nil {
			return err
		}
		before, err := count(ctx, server, false)
		if err != nil {
			return err
		}
		p, err := publish(ctx, server, all, failed, l.events(), l.every)
		if err != nil {
			return err
		}
		after, err := count(ctx, server, false)
		if err != nil {
			return err
		}
		h.each = after.since(before, l.subscribers*l.events())
		h.late = p.took - l.length
		h.cpu = p.cpu.Seconds() / p.took.Seconds()
		h.p50 = float64(measure.Quantile(p.delays, 0.5)) / 1e6
		h.p99 = float64(measure.Quantile(p.delays, 0.99)) / 1e6
		return nil
	})
	h.peak = mebibytes(usage)
	return h, err
}
