package source

import (
	"slices"
	"time"
)

// A Histogram counts durations by their length.
type Histogram struct {
	// Bounds are the largest durations of the buckets, in ascending order. Do not modify it.
	Bounds []time.Duration
	// Counts has the number of durations in each bucket, followed by the number of those
	// above all bounds.
	Counts []int64
	// Sum is the sum of the durations.
	Sum time.Duration
}

// The bounds in [Stats]. For connecting they are those that Prometheus and OpenTelemetry
// use for requests; for connections they include the usual timeouts of proxies and servers.
//
//nolint:gochecknoglobals // constants
var (
	connectBounds = [...]time.Duration{
		5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
		250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
	}
	connectionBounds = [...]time.Duration{
		time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
		30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour,
	}
)

func newHistogram(bounds []time.Duration) Histogram {
	return Histogram{Bounds: bounds, Counts: make([]int64, len(bounds)+1)}
}

// observe counts d.
func (h *Histogram) observe(d time.Duration) {
	i, _ := slices.BinarySearch(h.Bounds, d)
	h.Counts[i]++
	h.Sum += d
}

// add adds the durations of a histogram with the same bounds. Either histogram may be the
// zero Histogram.
func (h *Histogram) add(o Histogram) {
	if h.Counts == nil {
		*h = newHistogram(o.Bounds)
	}
	for i, n := range o.Counts {
		h.Counts[i] += n
	}
	h.Sum += o.Sum
}

// clone returns a copy that shares no mutable state.
func (h *Histogram) clone() Histogram {
	return Histogram{Bounds: h.Bounds, Counts: slices.Clone(h.Counts), Sum: h.Sum}
}
