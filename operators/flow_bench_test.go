package operators

import (
	"context"
	"fmt"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
)

// BenchmarkFlow measures the cost of an 80-byte item in operators that run streams
// concurrently.
func BenchmarkFlow(b *testing.B) {
	trades := benchTrades()
	type src = rxsse.Observable[trade]
	for _, overflow := range []Overflow{OverflowBlock, OverflowDropOldest, OverflowDropNewest, OverflowLatest} {
		b.Run("Buffer "+overflow.String(), exhaust(trades, func(s src) src { return Buffer(s, 256, overflow) }))
	}
	b.Run("Share", exhaust(trades, func(s src) src { return Share(s, 256, OverflowBlock) }))
	b.Run("Replay", exhaust(trades, func(s src) src { return Replay(s, 100, 256, OverflowBlock) }))
	b.Run("Race", exhaust(trades, func(s src) src { return Race(s) }))
	b.Run("Zip", exhaust(trades, func(s src) src {
		return Zip(s, s, func(a, _ trade) trade { return a })
	}))
	b.Run("ZipAll", exhaust(trades, func(s src) rxsse.Observable[[]trade] { return ZipAll(s, s) })) //nolint:gocritic // the same stream twice
	b.Run("CombineLatestAll of 1", exhaust(trades, func(s src) rxsse.Observable[[]trade] { return CombineLatestAll(s) }))
	b.Run("Audit", exhaust(trades, func(s src) src { return Audit(s, 10*time.Millisecond) }))
	never := Map(marble.Cold(""), func(string) trade { return trade{} })
	b.Run("TakeUntil", exhaust(trades, func(s src) src { return TakeUntil(s, never) }))
	b.Run("SkipUntil", exhaust(trades, func(s src) src { return SkipUntil(s, from(trade{})) }))
	newer := func(a, _ trade) trade { return a }
	b.Run("CombineLatest of 2", exhaust(trades, func(s src) src { return CombineLatest(s, s, newer) }))
	b.Run("WithLatestFrom of 2", exhaust(trades, func(s src) src { return WithLatestFrom(s, s, newer) }))
	b.Run("MergeMap", exhaust(trades, func(s src) src {
		return MergeMap(from(1), 1, func(int) src { return s })
	}))
	b.Run("SwitchMap", exhaust(trades, func(s src) src {
		return SwitchMap(from(1), func(int) src { return s })
	}))
	b.Run("ExhaustMap", exhaust(trades, func(s src) src {
		return ExhaustMap(from(1), func(int) src { return s })
	}))
	f := func(_ context.Context, t trade) (trade, error) { return t, nil }
	for _, n := range []int{2, 16} {
		b.Run(fmt.Sprintf("Parallel of %d", n), exhaust(trades, func(s src) src { return Parallel(s, n, f) }))
		b.Run(fmt.Sprintf("ParallelUnordered of %d", n), exhaust(trades, func(s src) src { return ParallelUnordered(s, n, f) }))
	}
	b.Run("Merge of 4", func(b *testing.B) {
		b.ReportAllocs()
		waited, woken := contention()
		quarter := Take(Map(endless(), func(i int) trade { return trades[i%len(trades)] }), b.N/4+1)
		for _, err := range Merge(quarter, quarter, quarter, quarter)(b.Context()) { //nolint:gocritic // the same stream four times
			if err != nil {
				b.Fatal(err)
			}
		}
		reportContention(b, waited, woken)
	})
}

// contention returns how long goroutines have waited for locks, in seconds, and about how
// often goroutines have been woken: the runtime counts every eighth time.
func contention() (waited float64, woken uint64) {
	samples := []metrics.Sample{{Name: "/sync/mutex/wait/total:seconds"}, {Name: "/sched/latencies:seconds"}}
	metrics.Read(samples)
	for _, n := range samples[1].Value.Float64Histogram().Counts {
		woken += 8 * n
	}
	return samples[0].Value.Float64(), woken
}

// reportContention reports the contention since contention returned these values.
func reportContention(b *testing.B, waitedBefore float64, wokenBefore uint64) {
	b.Helper()
	waited, woken := contention()
	b.ReportMetric((waited-waitedBefore)*1e9/float64(b.N), "lock-ns/op")
	b.ReportMetric(float64(woken-wokenBefore)/float64(b.N), "wakes/op")
}
