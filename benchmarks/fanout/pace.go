package fanout

import (
	"fmt"
	"time"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// PaceName is the name of the section that Pace makes.
const PaceName = "pace"

// Pace measures servers whose subscribers keep up with many events per second, as on a
// machine with many cores.
func Pace(plan measure.Plan) (report.Section, error) {
	subscribers, length, rates := 20, 3*time.Second, []int{5000, 10_000, 20_000}
	if plan == measure.Quick {
		length, rates = 100*time.Millisecond, rates[:1]
	}
	s := report.Section{
		Name:  PaceName,
		Title: "Many events a second",
		About: fmt.Sprintf("The same servers with %d subscribers, which can keep up, and a steady rate of events for %v. "+
			"A wake-up is a goroutine of the server that is made to run; the runtime samples one in %d. "+
			"A server that is late has not held the rate.", subscribers, length, measure.SchedulerSamples),
	}
	for _, rate := range rates {
		table := report.Table{
			Title: fmt.Sprintf("%d events/s", rate),
			Columns: []string{
				"", "deliveries/s", "late, ms", "CPU µs/delivery", "writes/delivery", "wake-ups/delivery",
				"ns of waiting for locks/delivery", "delay p50, ms", "delay p99, ms",
			},
		}
		l := load{subscribers: subscribers, every: time.Second / time.Duration(rate), length: length}
		for _, one := range Servers() {
			h, err := hold(one.Name, l)
			if err != nil {
				return s, fmt.Errorf("%s: %w", one.Name, err)
			}
			deliveries := float64(l.subscribers * l.events())
			took := (l.length + h.late).Seconds()
			table.Rows = append(table.Rows, []string{
				one.Name, fmt.Sprintf("%.0f", deliveries/took), fmt.Sprint(h.late.Milliseconds()),
				report.Number(h.cpu * took * 1e6 / deliveries),
				report.Number(h.each.writes), report.Number(h.each.wakeups), report.Number(h.each.locked),
				report.Number(h.p50), report.Number(h.p99),
			})
		}
		s.Tables = append(s.Tables, table)
	}
	return s, nil
}
