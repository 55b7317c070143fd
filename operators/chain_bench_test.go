package operators

import (
	"context"
	"math"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/rxsse/rxsse"
)

// BenchmarkChain compares ten synchronous operators in a row with a hand-written loop. Both
// pass their items to the same consumer, and both get their functions as arguments, so the
// compiler inlines neither's.
func BenchmarkChain(b *testing.B) {
	trades := benchTrades()
	f := steps{
		large:   large,
		withFee: withFee,
		seen:    func(trade) {},
		amount:  func(t trade) float64 { return t.Price * t.Qty },
		add:     func(sum, v float64) float64 { return sum + v },
		finite:  func(v float64) bool { return !math.IsInf(v, 0) },
		round:   math.Floor,
		taxed:   func(v float64) float64 { return v * 1.19 },
		even:    func(v float64) bool { return int64(v)%2 == 0 },
	}
	var last float64
	consume := func(v float64) { last += v }

	b.Run("loop", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := chainByHand(b.Context(), trades, &f, consume); err != nil {
				b.Fatal(err)
			}
		}
		nsPerItem(b)
	})
	b.Run("operators", func(b *testing.B) {
		b.ReportAllocs()
		pipeline := chain(from(trades...), &f)
		for b.Loop() {
			for v, err := range pipeline(b.Context()) {
				if err != nil {
					b.Fatal(err)
				}
				consume(v)
			}
		}
		nsPerItem(b)
	})
}

type steps struct {
	large        func(trade) bool
	withFee      func(trade) trade
	seen         func(trade)
	amount       func(trade) float64
	add          func(float64, float64) float64
	finite, even func(float64) bool
	round, taxed func(float64) float64
}

//go:noinline
func chainByHand(ctx context.Context, trades []trade, f *steps, consume func(float64)) error {
	skipped, taken := 0, 0
	sum := 0.0
	for _, t := range trades {
		if err := ctx.Err(); err != nil {
			return err
		}
		if skipped < 10 {
			skipped++
			continue
		}
		if !f.large(t) {
			continue
		}
		t = f.withFee(t)
		f.seen(t)
		sum = f.add(sum, f.amount(t))
		if !f.finite(sum) {
			continue
		}
		v := f.taxed(f.round(sum))
		if !f.even(v) {
			continue
		}
		if taken++; taken > benchItems {
			return nil
		}
		consume(v)
	}
	return nil
}

//go:noinline
func chain(src rxsse.Observable[trade], f *steps) rxsse.Observable[float64] {
	trades := Tap(Map(Filter(Skip(src, 10), f.large), f.withFee), f.seen)
	sums := Filter(Scan(Map(trades, f.amount), 0, f.add), f.finite)
	return Take(Filter(Map(Map(sums, f.round), f.taxed), f.even), benchItems)
}

// BenchmarkSynchronous measures each operator that runs on the consumer's goroutine with
// 8-byte items, so that copies of items cost little. All rows include "source alone".
func BenchmarkSynchronous(b *testing.B) {
	type src = rxsse.Observable[int]
	even := func(v int) bool { return v%2 == 0 }
	anything := func(int) bool { return true }
	last := 0 // the last item of the source, which CompleteAt needs
	for _, row := range []struct {
		name string
		op   func(src) src
	}{
		{"source alone", func(s src) src { return s }},
		{"Catch", func(s src) src { return Catch(s, func(error) src { return nil }) }},
		{"CompleteAt", func(s src) src { return CompleteAt(s, func(v int) bool { return v == last }) }},
		{"Concat", func(s src) src { return Concat(s) }},
		{"DefaultIfEmpty", func(s src) src { return DefaultIfEmpty(s, 0) }},
		{"Dematerialize", func(s src) src {
			return Dematerialize(Map(s, func(v int) Notification[int] { return Notification[int]{Value: v} }))
		}},
		{"Distinct of 100", func(s src) src { return Distinct(s, 100, itself) }},
		{"DistinctWithin of 100", func(s src) src { return DistinctWithin(s, time.Second, 100, itself) }},
		{"DistinctUntilChanged", DistinctUntilChanged[int]},
		{"ElementAt", func(s src) src { return ElementAt(s, math.MaxInt) }},
		{"Filter", func(s src) src { return Filter(s, even) }},
		{"Finally", func(s src) src { return Finally(s, func() {}) }},
		{"Last", Last[int]},
		{"Map", func(s src) src { return Map(s, func(v int) int { return v + 1 }) }},
		{"OnErrorReturn", func(s src) src { return OnErrorReturn(s, func(error) int { return 0 }) }},
		{"RateLimit", func(s src) src { return RateLimit(s, rate.NewLimiter(rate.Inf, 1)) }},
		{"Reduce", func(s src) src { return Reduce(s, 0, func(a, v int) int { return a + v }) }},
		{"Retry", func(s src) src { return Retry(s, ExponentialBackoff(1, 1, 1)) }},
		{"Scan", func(s src) src { return Scan(s, 0, func(a, v int) int { return a + v }) }},
		{"Skip", func(s src) src { return Skip(s, 1) }},
		{"SkipWhile", func(s src) src { return SkipWhile(s, func(v int) bool { return v < 1 }) }},
		{"StartWith", func(s src) src { return StartWith(s, 1) }},
		{"Take", func(s src) src { return Take(s, math.MaxInt) }},
		{"TakeLast", func(s src) src { return TakeLast(s, 100) }},
		{"TakeWhile", func(s src) src { return TakeWhile(s, anything) }},
		{"Tap", func(s src) src { return Tap(s, func(int) {}) }},
		{"TapEnd", func(s src) src { return TapEnd(s, func(error) {}) }},
		{"TimeoutFirst", func(s src) src { return TimeoutFirst(s, time.Hour) }},
		{"TryMap", func(s src) src { return TryMap(s, func(v int) (int, error) { return v, nil }) }},
		{"Window of 100", func(s src) src {
			return Map(Window(s, ByCount(100)), func(w WindowOf[int]) int { return len(w.Items) })
		}},
		{"Aggregate over 100", func(s src) src {
			sums := Aggregate(s, ByCount(100), func() int { return 0 }, func(a, v int) int { return a + v })
			return Map(sums, func(w WindowResult[int]) int { return w.Value })
		}},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			counting := Take(endless(), b.N)
			last = b.N - 1
			for _, err := range row.op(counting)(b.Context()) {
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
