// Package measure times contenders against each other, in turn and several times, so that
// other activity of the machine affects all of them alike.
package measure

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// A Contender is one way to do the work of a benchmark.
type Contender struct {
	Name string
	// Pass does the work once and returns how many items it worked on.
	Pass func() (items int, err error)
}

// A Plan defines how long to measure.
type Plan struct {
	Rounds int           // samples per contender
	Sample time.Duration // the least time of a sample; 0 makes it a single pass
}

// Quick runs every contender once: it shows that they work, not how fast.
var Quick = Plan{Rounds: 1}

// A Result is the cost of a contender.
type Result struct {
	Name   string
	Items  int     // a pass
	Time   Spread  // nanoseconds per item
	Allocs float64 // allocations per item, median
	Bytes  float64 // allocated bytes per item, median
	// Contention is what goroutines waited for, per item, median.
	Contention Contention
}

// A Spread is the median and the extremes of samples.
type Spread struct{ Median, Min, Max float64 }

// SpreadOf returns the spread of samples, of which there is at least one.
func SpreadOf(samples []float64) Spread {
	sorted := slices.Sorted(slices.Values(samples))
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1]}
}

// A sample is one measurement, all values per item.
type sample struct{ ns, allocs, bytes, locked, wakeups float64 }

// Run measures the contenders, in turn within each round.
func Run(p Plan, contenders []Contender) ([]Result, error) {
	passes := make([]int, len(contenders))
	results := make([]Result, len(contenders))
	samples := make([][]sample, len(contenders))
	for i, c := range contenders {
		// The first pass warms up and shows how many passes make a sample.
		begin := time.Now()
		items, err := c.Pass()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		results[i] = Result{Name: c.Name, Items: items}
		passes[i] = 1 + int(p.Sample/max(time.Since(begin), 1))
	}
	for range p.Rounds {
		for i, c := range contenders {
			s, err := take(c, passes[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			samples[i] = append(samples[i], s)
		}
	}
	for i, s := range samples {
		results[i].Time = SpreadOf(column(s, func(s sample) float64 { return s.ns }))
		results[i].Allocs = SpreadOf(column(s, func(s sample) float64 { return s.allocs })).Median
		results[i].Bytes = SpreadOf(column(s, func(s sample) float64 { return s.bytes })).Median
		results[i].Contention = Contention{
			Locked:  SpreadOf(column(s, func(s sample) float64 { return s.locked })).Median,
			Wakeups: SpreadOf(column(s, func(s sample) float64 { return s.wakeups })).Median,
		}
	}
	return results, nil
}

// take measures some passes of a contender.
func take(c Contender, passes int) (sample, error) {
	runtime.GC() // no contender pays for the garbage of the one before
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	waited := ReadContention()
	begin := time.Now()
	total := 0
	for range passes {
		items, err := c.Pass()
		if err != nil {
			return sample{}, err
		}
		total += items
	}
	elapsed := time.Since(begin)
	waitedAfter := ReadContention()
	runtime.ReadMemStats(&after)
	n := float64(max(total, 1))
	return sample{
		ns:     float64(elapsed.Nanoseconds()) / n,
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,

		locked:  (waitedAfter.Locked - waited.Locked) / n,
		wakeups: (waitedAfter.Wakeups - waited.Wakeups) / n,
	}, nil
}

func column(samples []sample, of func(sample) float64) []float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	return values
}

// Quantile returns the value that a share q of the values do not exceed.
func Quantile[T cmp.Ordered](values []T, q float64) T {
	sorted := slices.Sorted(slices.Values(values))
	at := int(q * float64(len(sorted)))
	return sorted[min(at, len(sorted)-1)]
}
