package operators

import (
	"context"
	"fmt"
	"iter"
	"math"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
)

// A trade is 80 bytes, as an item of a real feed may be.
type trade struct {
	ID         int64
	Time       int64
	Price, Qty float64
	Symbol     string
	Buyer      int64
	Seller     int64
	BuyerMaker bool
	Best       bool
	Fee        float64
}

const benchItems = 100_000

func benchTrades() []trade {
	trades := make([]trade, benchItems)
	for i := range trades {
		trades[i] = trade{ID: int64(i), Price: 100 + float64(i%50), Qty: 1, Symbol: "BTCUSDT"}
	}
	return trades
}

func large(t trade) bool    { return t.ID%4 != 0 }
func withFee(t trade) trade { t.Fee = t.Price * t.Qty * 0.001; return t }
func nsPerItem(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchItems, "ns/item")
}

// BenchmarkFilterMap measures a filter and a map over 80-byte items, written as loops and as
// pipelines. All can be cancelled between two items and pass their items to the same
// consumer.
//
// The compiler inlines the two functions into the first loop, but not into the second, which
// gets them as arguments, as operators do. Likewise, it sees through the first pipeline,
// which is built and consumed in one function, but not through the second.
func BenchmarkFilterMap(b *testing.B) {
	trades := benchTrades()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var last [1024]trade
	n := 0
	consume := func(t trade) { last[n%len(last)] = t; n++ }

	b.Run("loop, inlined", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, t := range trades {
				if ctx.Err() != nil {
					b.Fatal(ctx.Err())
				}
				if large(t) {
					consume(withFee(t))
				}
			}
		}
		nsPerItem(b)
	})
	b.Run("loop over functions", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := loop(ctx, trades, large, withFee, consume); err != nil {
				b.Fatal(err)
			}
		}
		nsPerItem(b)
	})
	b.Run("pipeline in one function", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for t, err := range Map(Filter(from(trades...), large), withFee)(ctx) {
				if err != nil {
					b.Fatal(err)
				}
				consume(t)
			}
		}
		nsPerItem(b)
	})
	b.Run("pipeline from elsewhere", func(b *testing.B) {
		b.ReportAllocs()
		pipeline := build(trades)
		for b.Loop() {
			for t, err := range pipeline(ctx) {
				if err != nil {
					b.Fatal(err)
				}
				consume(t)
			}
		}
		nsPerItem(b)
	})
}

//go:noinline
func loop(ctx context.Context, trades []trade, keep func(trade) bool, f func(trade) trade, consume func(trade)) error {
	for _, t := range trades {
		if err := ctx.Err(); err != nil {
			return err
		}
		if keep(t) {
			consume(f(t))
		}
	}
	return nil
}

//go:noinline
func build(trades []trade) rxsse.Observable[trade] {
	return Map(Filter(from(trades...), large), withFee)
}

// BenchmarkOperators measures one operator in one long subscription to a stream of 80-byte
// items that never waits, including the source.
func BenchmarkOperators(b *testing.B) {
	trades := benchTrades()
	type src = rxsse.Observable[trade]
	b.Run("source alone", exhaust(trades, func(s src) src { return s }))
	b.Run("Map", exhaust(trades, func(s src) src { return Map(s, withFee) }))
	b.Run("Filter", exhaust(trades, func(s src) src { return Filter(s, large) }))
	b.Run("Scan", exhaust(trades, func(s src) rxsse.Observable[float64] {
		return Scan(s, 0, func(sum float64, t trade) float64 { return sum + t.Price })
	}))
	b.Run("Take", exhaust(trades, func(s src) src { return Take(s, math.MaxInt) }))
	b.Run("Tap", exhaust(trades, func(s src) src { return Tap(s, func(trade) {}) }))
	b.Run("Debounce", exhaust(trades, func(s src) src { return Debounce(s, 10*time.Millisecond) }))
	b.Run("DebounceMax", exhaust(trades, func(s src) src { return DebounceMax(s, 10*time.Millisecond, time.Second) }))
	b.Run("ThrottleLatest", exhaust(trades, func(s src) src { return ThrottleLatest(s, 10*time.Millisecond) }))
	b.Run("Delay", exhaust(trades, func(s src) src { return Delay(s, time.Millisecond) }))
	b.Run("MergeDelayError of 1 and none", exhaust(trades, func(s src) src { return MergeDelayError(s, from[trade]()) }))
	b.Run("Merge of 1 and none", exhaust(trades, func(s src) src { return Merge(s, from[trade]()) }))
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("Window over %d items", n), exhaust(trades, func(s src) rxsse.Observable[WindowOf[trade]] {
			return Window(s, ByCount(n))
		}))
	}
	for _, d := range []time.Duration{100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond} {
		b.Run(fmt.Sprintf("Window over %v", d), exhaust(trades, func(s src) rxsse.Observable[WindowOf[trade]] {
			return Window(s, Tumbling(d))
		}))
	}
}

// exhaust consumes b.N items through an operator, so an operation of the benchmark is one
// item.
func exhaust[T any](trades []trade, op func(rxsse.Observable[trade]) rxsse.Observable[T]) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		waited, woken := contention()
		defer func() { reportContention(b, waited, woken) }()
		cycle := func(ctx context.Context) iter.Seq2[trade, error] {
			return func(yield func(trade, error) bool) {
				for i := range b.N {
					if ctx.Err() != nil || !yield(trades[i%len(trades)], nil) {
						return
					}
				}
			}
		}
		for _, err := range op(cycle)(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
