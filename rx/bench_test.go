package rx_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
)

const benchItems = 10_000

// A tick64 is about the size of a price tick.
type tick64 struct {
	ID    int64
	Price float64
	Side  uint8
}

func ticksOf(n int) rxsse.Observable[tick64] {
	return func(context.Context) iter.Seq2[tick64, error] {
		return func(yield func(tick64, error) bool) {
			for i := range n {
				if !yield(tick64{ID: int64(i), Price: float64(i)}, nil) {
					return
				}
			}
		}
	}
}

// sums combines a filter, a map and a sum over 100: what a fused pipeline leaves for RxGo.
func sums(src rxsse.Observable[tick64]) rxsse.Observable[float64] {
	return func(ctx context.Context) iter.Seq2[float64, error] {
		return func(yield func(float64, error) bool) {
			var sum float64
			n := 0
			for t, err := range src(ctx) {
				if err != nil {
					yield(0, err)
					return
				}
				if t.ID%4 == 0 {
					continue
				}
				sum += t.Price * 1.5
				if n++; n%100 == 0 {
					if !yield(sum, nil) {
						return
					}
					sum = 0
				}
			}
		}
	}
}

func perItem(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchItems, "ns/item")
}

// BenchmarkTailInRxGo measures the recommended shape: all of the work typed, and RxGo for
// its results.
func BenchmarkTailInRxGo(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, err := rx.ToRxGo(b.Context(), sums(ticksOf(benchItems))).
			Reduce(func(_ context.Context, acc, v any) (any, error) {
				sum, _ := acc.(float64)
				f, _ := v.(float64)
				return sum + f, nil
			}).Get()
		if err != nil {
			b.Fatal(err)
		}
	}
	perItem(b)
}

// BenchmarkIntoRxGo measures the crossing of each item from an Observable to a channel.
func BenchmarkIntoRxGo(b *testing.B) {
	for _, bm := range []struct {
		name string
		opts []rxgo.Option
	}{{name: "unbuffered"}, {name: "buffer=256", opts: []rxgo.Option{rxgo.WithBufferedChannel(256)}}} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for range rx.ToRxGo(b.Context(), ticksOf(benchItems), bm.opts...).Observe() {
					n++
				}
				if n != benchItems {
					b.Fatal(n, "items")
				}
			}
			perItem(b)
		})
	}
}

// BenchmarkOutOfRxGo measures the crossing of each item from RxGo to an Observable, next to
// a bare range over the same Observe, which gets a context too: from a channel that is
// always full, and from an operator that sends each item to the reader.
func BenchmarkOutOfRxGo(b *testing.B) {
	full := func() rxgo.Observable {
		ch := make(chan rxgo.Item, benchItems)
		for i := range benchItems {
			ch <- rxgo.Of(tick64{ID: int64(i)})
		}
		close(ch)
		return rxgo.FromChannel(ch)
	}
	sent := func() rxgo.Observable {
		return rx.ToRxGo(b.Context(), ticksOf(benchItems)).Map(func(_ context.Context, v any) (any, error) { return v, nil })
	}
	bare := func(o rxgo.Observable) (n int, sum int64) {
		for item := range o.Observe(rxgo.WithContext(b.Context())) {
			if item.E != nil {
				b.Fatal(item.E)
			}
			t, ok := item.V.(tick64)
			if !ok {
				b.Fatal("not a tick")
			}
			sum += t.ID
			n++
		}
		return n, sum
	}
	bridged := func(o rxgo.Observable) (n int, sum int64) {
		for t, err := range rx.From[tick64](o)(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			sum += t.ID
			n++
		}
		return n, sum
	}
	for _, bm := range []struct {
		name  string
		chain func() rxgo.Observable
		read  func(rxgo.Observable) (int, int64)
	}{
		{"full channel/bare", full, bare},
		{"full channel/From", full, bridged},
		{"Map/bare", sent, bare},
		{"Map/From", sent, bridged},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			var reading time.Duration
			for b.Loop() {
				chain := bm.chain()
				start := time.Now()
				if n, _ := bm.read(chain); n != benchItems {
					b.Fatal(n, "items")
				}
				reading += time.Since(start)
			}
			b.ReportMetric(float64(reading.Nanoseconds())/float64(b.N)/benchItems, "ns/item")
		})
	}
}
