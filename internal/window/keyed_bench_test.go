package window_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
)

// A reading is an item of the benchmarks: 24 bytes.
type reading struct {
	sensor int
	at     int64 // nanoseconds
	value  float64
}

func (r reading) time() time.Time { return time.Unix(0, r.at) }

func bySensor(r reading) int                    { return r.sensor }
func noValue() float64                          { return 0 }
func addReading(sum float64, r reading) float64 { return sum + r.value }
func every(n int) func(i int) (at int64) {
	return func(i int) int64 { return int64(i) * int64(time.Minute) / int64(n) }
}
func scattered(i, keys int) int { return i * 7919 % keys }

// BenchmarkKeyed measures a sum for each key of each window, including the source, and beside
// each row the same written by hand: a loop over the items with one map. Keys are in no
// order. A row with processing time includes the goroutine on which the source runs; the
// loop beside it has none, and reads the clock once for 256 items.
func BenchmarkKeyed(b *testing.B) {
	for _, keys := range []int{1, 100, 10_000, 1_000_000} {
		perWindow := max(4*keys, 1<<16)
		readings := make([]reading, perWindow)
		for i := range readings {
			readings[i] = reading{sensor: scattered(i, keys), value: float64(i)}
		}
		at := every(perWindow)
		stream := func(n int) rxsse.Observable[reading] {
			return func(ctx context.Context) iter.Seq2[reading, error] {
				return func(yield func(reading, error) bool) {
					for i := range n {
						r := readings[i%len(readings)]
						r.at = at(i)
						if !yield(r, nil) {
							return
						}
					}
				}
			}
		}
		rows := []struct {
			name   string
			ours   func(src rxsse.Observable[reading]) rxsse.Observable[result]
			byHand func(src iter.Seq2[reading, error], emit func(int, float64))
		}{
			{"tumbling", aggregate(operators.Tumbling(time.Second)), tumblingByHand},
			{"tumbling in event time", aggregate(operators.EventTime[reading]{Assigner: operators.Tumbling(time.Minute), Timestamp: reading.time}), eventTimeByHand},
			{"count", aggregate(operators.ByCount(10)), countByHand},
			{"session", aggregate(operators.BySession(time.Minute)), sessionByHand},
		}
		for _, row := range rows {
			b.Run(fmt.Sprintf("%s/%d keys/by hand", row.name, keys), func(b *testing.B) {
				results := 0
				row.byHand(stream(b.N)(b.Context()), func(int, float64) { results++ })
			})
			b.Run(fmt.Sprintf("%s/%d keys/AggregateBy", row.name, keys), func(b *testing.B) {
				results := 0
				for _, err := range row.ours(stream(b.N))(b.Context()) {
					if err != nil {
						b.Fatal(err)
					}
					results++
				}
			})
		}
	}
}

type result = operators.Keyed[int, operators.WindowResult[float64]]

func aggregate[W operators.WindowSpec[reading]](spec W) func(rxsse.Observable[reading]) rxsse.Observable[result] {
	return func(src rxsse.Observable[reading]) rxsse.Observable[result] {
		return operators.AggregateBy(src, bySensor, spec, noValue, addReading)
	}
}

func tumblingByHand(src iter.Seq2[reading, error], emit func(int, float64)) {
	sums := map[int]float64{}
	end := time.Now().Add(time.Second)
	n := 0
	for r := range src {
		if n++; n%256 == 0 {
			if now := time.Now(); now.After(end) {
				flush(sums, emit)
				end = now.Add(time.Second)
			}
		}
		sums[r.sensor] += r.value
	}
	flush(sums, emit)
}

func eventTimeByHand(src iter.Seq2[reading, error], emit func(int, float64)) {
	sums := map[int]float64{}
	var end int64
	for r := range src {
		if r.at >= end {
			flush(sums, emit)
			end = r.at - r.at%int64(time.Minute) + int64(time.Minute)
		}
		sums[r.sensor] += r.value
	}
	flush(sums, emit)
}

func flush(sums map[int]float64, emit func(int, float64)) {
	for k, sum := range sums {
		emit(k, sum)
	}
	clear(sums)
}

func countByHand(src iter.Seq2[reading, error], emit func(int, float64)) {
	type window struct {
		n     int
		sum   float64
		start time.Time
	}
	open := map[int]window{}
	var longest time.Duration // uses the times of the results
	for r := range src {
		w := open[r.sensor]
		if w.n++; w.n == 1 {
			w.start = time.Now()
		}
		w.sum += r.value
		if w.n == 10 {
			longest = max(longest, time.Since(w.start))
			emit(r.sensor, w.sum)
			delete(open, r.sensor)
			continue
		}
		open[r.sensor] = w
	}
	for k, w := range open {
		longest = max(longest, time.Since(w.start))
		emit(k, w.sum)
	}
	runtime.KeepAlive(longest)
}

func sessionByHand(src iter.Seq2[reading, error], emit func(int, float64)) {
	type session struct {
		newest time.Time
		sum    float64
	}
	open := map[int]session{}
	now := time.Now()
	n := 0
	for r := range src {
		if n++; n%256 == 0 {
			now = time.Now()
		}
		s := open[r.sensor]
		s.newest = now
		s.sum += r.value
		open[r.sensor] = s
	}
	for k, s := range open {
		emit(k, s.sum)
	}
}

// BenchmarkBytesAKey measures the memory of AggregateBy for a key with an open window.
func BenchmarkBytesAKey(b *testing.B) {
	const keys = 1_000_000
	for _, row := range []struct {
		name string
		ours func(src rxsse.Observable[reading]) rxsse.Observable[result]
	}{
		{"tumbling", aggregate(operators.Tumbling(time.Hour))},
		{"tumbling in event time", aggregate(operators.EventTime[reading]{Assigner: operators.Tumbling(time.Hour), Timestamp: reading.time})},
		{"count", aggregate(operators.ByCount(10))},
		{"session", aggregate(operators.BySession(time.Hour))},
	} {
		b.Run(row.name, func(b *testing.B) {
			for b.Loop() {
				var before, during runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				full := make(chan struct{})
				src := func(context.Context) iter.Seq2[reading, error] {
					return func(yield func(reading, error) bool) {
						for i := range keys + 1024 { // the queue between goroutines holds fewer
							if !yield(reading{sensor: i % keys, at: 1}, nil) {
								return
							}
						}
						runtime.GC()
						runtime.ReadMemStats(&during)
						close(full)
					}
				}
				for range row.ours(src)(b.Context()) {
					<-full
					break
				}
				b.ReportMetric(float64(during.HeapAlloc-before.HeapAlloc)/keys, "bytes/key")
			}
		})
	}
}
