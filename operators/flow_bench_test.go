package operators

import (
	"context"
	"testing"

	"github.com/rxsse/rxsse"
)

// BenchmarkFlow is what an item of 80 bytes costs to cross the operators whose
// subject is how streams run beside each other.
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
	b.Run("ExhaustMap", exhaust(trades, func(s src) src {
		return ExhaustMap(from(1), func(int) src { return s })
	}))
	f := func(_ context.Context, t trade) (trade, error) { return t, nil }
	b.Run("Parallel", exhaust(trades, func(s src) src { return Parallel(s, 2, f) }))
	b.Run("ParallelUnordered", exhaust(trades, func(s src) src { return ParallelUnordered(s, 2, f) }))
}
