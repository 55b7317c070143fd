package report

import (
	"fmt"
	"math"
	"slices"
)

// An axis maps values to pixels.
type axis struct {
	from, to  int // pixels
	low, high float64
	log       bool
	ticks     []float64
}

func (a axis) at(v float64) float64 {
	part := (v - a.low) / (a.high - a.low)
	if a.log {
		part = math.Log(v/a.low) / math.Log(a.high/a.low)
	}
	return float64(a.from) + part*float64(a.to-a.from)
}

// linear returns an axis with about five ticks at round values.
func linear(low, high float64, from, to int) axis {
	if high <= low {
		high = low + 1
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, factor := range []float64{5, 2} {
		if (high-low)/(step*factor) >= 4 {
			step *= factor
			break
		}
	}
	a := axis{from: from, to: to, low: low, high: high}
	for i := 0.0; low+i*step <= high*(1+1e-9); i++ {
		a.ticks = append(a.ticks, low+i*step)
	}
	return a
}

// logarithmic returns an axis from a power of ten to a power of ten, with a tick at each, or
// at 1, 2 and 5 if there are few.
func logarithmic(all []Series, values func(Series) []float64, from, to int) axis {
	low, high := math.Inf(1), 0.0
	for _, s := range all {
		for _, v := range values(s) {
			if v > 0 {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if high == 0 {
		low, high = 1, 10
	}
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	if last <= first {
		last = first + 1
	}
	a := axis{from: from, to: to, low: math.Pow(10, first), high: math.Pow(10, last), log: true}
	factors := []float64{1}
	if last-first <= 2 {
		factors = []float64{1, 2, 5}
	}
	for power := first; power <= last; power++ {
		for _, factor := range factors {
			if v := factor * math.Pow(10, power); v <= a.high*(1+1e-9) {
				a.ticks = append(a.ticks, v)
			}
		}
	}
	return a
}

// measured returns a logarithmic axis from the least to the greatest X, with a tick at each,
// or at powers of ten if there are more than a few.
func measured(all []Series, from, to int) axis {
	var ticks []float64
	for _, s := range all {
		ticks = append(ticks, s.X...)
	}
	slices.Sort(ticks)
	ticks = slices.Compact(ticks)
	if len(ticks) < 2 || len(ticks) > 6 || ticks[0] <= 0 {
		return logarithmic(all, func(s Series) []float64 { return s.X }, from, to)
	}
	return axis{from: from, to: to, low: ticks[0], high: ticks[len(ticks)-1], log: true, ticks: ticks}
}

// most returns the greatest value.
func most(all []Series) float64 {
	greatest := 0.0
	for _, s := range all {
		for _, v := range s.Values {
			greatest = max(greatest, v)
		}
	}
	return greatest
}

// short writes a number in a few letters: 1.25M, 340k, 12, 0.05.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.3gk", v/1e3)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
