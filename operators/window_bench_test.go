package operators

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// BenchmarkWindows measures the cost of windows per item, in one long subscription to a
// stream of 80-byte items that never waits, including the source.
func BenchmarkWindows(b *testing.B) {
	trades := benchTrades()
	type src = rxsse.Observable[trade]
	type windows = rxsse.Observable[WindowOf[trade]]
	at := time.Unix(0, 0)
	b.Run("Sliding of 4", exhaust(trades, func(s src) windows {
		return Window(s, Sliding(4*time.Millisecond, time.Millisecond))
	}))
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("days In a place", exhaust(trades, func(s src) windows {
		return Window(Take(s, 10_000), Tumbling(24*time.Hour).In(berlin))
	}))
	b.Run("BySlidingCount of 4", exhaust(trades, func(s src) windows { return Window(s, BySlidingCount(100, 25)) }))
	b.Run("ByWeight", exhaust(trades, func(s src) windows {
		return Window(s, ByWeight(100, func(trade) int { return 1 }))
	}))
	b.Run("ByLast AtMost", exhaust(trades, func(s src) windows {
		return Window(s, ByLast(func(trade) bool { return false }).AtMost(100))
	}))
	b.Run("WithEarlyAfter", exhaust(trades, func(s src) rxsse.Observable[WindowResult[float64]] {
		return Aggregate(s, ByCount(1000), zero, addPrice, WithEarlyAfter(100))
	}))
	b.Run("WithEarlyEvery", exhaust(trades, func(s src) rxsse.Observable[WindowResult[float64]] {
		return Aggregate(s, ByCount(1000), zero, addPrice, WithEarlyEvery(time.Millisecond))
	}))
	b.Run("WithState", exhaust(trades, func(s src) rxsse.Observable[WindowResult[int]] {
		messages := Map(s, func(t trade) codec.Message[int] { return codec.Message[int]{ID: "1", Value: int(t.ID)} })
		return sumMessages(messages, ByCount(1000), WithState(new(State)))
	}))
	b.Run("Session", exhaust(trades, func(s src) rxsse.Observable[WindowResult[float64]] {
		return Aggregate(s, BySession(time.Second), zero, addPrice)
	}))
	b.Run("ByCount Within", exhaust(trades, func(s src) windows { return Window(s, ByCount(100).Within(time.Second)) }))
	b.Run("Aggregate Tumbling", exhaust(trades, func(s src) rxsse.Observable[WindowResult[float64]] {
		return Aggregate(s, Tumbling(time.Millisecond), zero, addPrice)
	}))
	b.Run("Aggregate Tumbling in event time", exhaust(trades, func(s src) rxsse.Observable[WindowResult[float64]] {
		return Aggregate(s, EventTime[trade]{
			Assigner:  Tumbling(time.Second),
			Timestamp: func(trade) time.Time { at = at.Add(time.Millisecond); return at },
		}, zero, addPrice)
	}))
}

func zero() float64                         { return 0 }
func addPrice(sum float64, t trade) float64 { return sum + t.Price }

// BenchmarkAggregateBy measures a sum for each of many keys in each window, including the
// source. Items are 24 bytes; keys are in no order.
func BenchmarkAggregateBy(b *testing.B) {
	type sample struct {
		sensor int
		name   string
		value  float64
	}
	const keys = 10_000
	readings := make([]sample, 1<<16)
	for i := range readings {
		sensor := i * 7919 % keys
		readings[i] = sample{sensor, fmt.Sprintf("sensor-%05d", sensor), float64(i)}
	}
	add := func(sum float64, r sample) float64 { return sum + r.value }
	bySensor := func(r sample) int { return r.sensor }
	byName := func(r sample) string { return r.name }
	event := EventTime[sample]{
		Assigner:  Tumbling(time.Second),
		Timestamp: func(r sample) time.Time { return time.Unix(0, int64(r.value*1e4)) },
	}

	run := func(name string, op func(rxsse.Observable[sample]) rxsse.Observable[int]) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			cycle := func(ctx context.Context) iter.Seq2[sample, error] {
				return func(yield func(sample, error) bool) {
					for i := range b.N {
						if ctx.Err() != nil || !yield(readings[i%len(readings)], nil) {
							return
						}
					}
				}
			}
			results := 0
			for n, err := range op(cycle)(b.Context()) {
				if err != nil {
					b.Fatal(err)
				}
				results += n
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mitems/s")
			b.ReportMetric(float64(results)/float64(b.N), "results/item")
		})
	}
	run("Tumbling, int keys", func(src rxsse.Observable[sample]) rxsse.Observable[int] {
		return Map(AggregateBy(src, bySensor, Tumbling(100*time.Millisecond), zero, add), one)
	})
	run("Tumbling, string keys", func(src rxsse.Observable[sample]) rxsse.Observable[int] {
		return Map(AggregateBy(src, byName, Tumbling(100*time.Millisecond), zero, add), oneByName)
	})
	run("Tumbling in event time, int keys", func(src rxsse.Observable[sample]) rxsse.Observable[int] {
		return Map(AggregateBy(src, bySensor, event, zero, add), one)
	})
	run("Session, int keys", func(src rxsse.Observable[sample]) rxsse.Observable[int] {
		return Map(AggregateBy(src, bySensor, BySession(time.Minute), zero, add), one)
	})
	run("Count, int keys", func(src rxsse.Observable[sample]) rxsse.Observable[int] {
		return Map(AggregateBy(src, bySensor, ByCount(10), zero, add), one)
	})
}

func one(Keyed[int, WindowResult[float64]]) int          { return 1 }
func oneByName(Keyed[string, WindowResult[float64]]) int { return 1 }
