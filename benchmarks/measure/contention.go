package measure

import "runtime/metrics"

// Contention is what the goroutines of this process have waited for since it started.
type Contention struct {
	// Locked is how long goroutines have waited for locks of package sync and of the
	// runtime, in nanoseconds.
	Locked float64
	// Wakeups is how many times a goroutine became runnable. The runtime counts one in
	// SchedulerSamples of them, so a short measurement has few.
	Wakeups float64
}

// SchedulerSamples is how many times a goroutine becomes runnable for each time that the
// runtime counts in its metric: gTrackingPeriod in runtime/runtime2.go.
const SchedulerSamples = 8

// ReadContention returns the contention so far.
func ReadContention() Contention {
	samples := []metrics.Sample{{Name: "/sync/mutex/wait/total:seconds"}, {Name: "/sched/latencies:seconds"}}
	metrics.Read(samples)
	c := Contention{Locked: samples[0].Value.Float64() * 1e9}
	for _, n := range samples[1].Value.Float64Histogram().Counts {
		c.Wakeups += float64(n * SchedulerSamples)
	}
	return c
}
