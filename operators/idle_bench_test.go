package operators

import (
	"context"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
)

// BenchmarkIdle measures the cost of an item for one of ten thousand timed subscriptions,
// each with a deadline an hour away that the item moves: no timer is created or set for an
// item. For windows by key, the item has one of a million keys with an open window each.
func BenchmarkIdle(b *testing.B) {
	type src = rxsse.Observable[int]
	sum := func(a, v int) int { return a + v }
	zero := func() int { return 0 }
	b.Run("Debounce", standingBy(func(s src) src { return Debounce(s, time.Hour) }))
	b.Run("Timeout", standingBy(func(s src) src { return Timeout(s, time.Hour) }))
	b.Run("Aggregate over Tumbling", standingBy(func(s src) rxsse.Observable[WindowResult[int]] {
		return Aggregate(s, Tumbling(time.Hour), zero, sum)
	}))
	b.Run("Aggregate over Session", standingBy(func(s src) rxsse.Observable[WindowResult[int]] {
		return Aggregate(s, BySession(time.Hour), zero, sum)
	}))
	b.Run("AggregateBy of 1 M keys", func(b *testing.B) {
		b.ReportAllocs()
		const keys = 1_000_000
		src := rxsse.Observable[int](func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for i := range keys { // each key's first item, which is not measured
					yield(i, nil)
				}
				b.ResetTimer()
				for i := range b.N {
					yield(i%keys, nil)
				}
				b.StopTimer()
			}
		})
		sums := AggregateBy(src, func(v int) int { return v }, BySession(time.Hour), zero, sum)
		for _, err := range sums(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// standingBy delivers b.N items to subscriptions to op, in turn.
func standingBy[R any](op func(rxsse.Observable[int]) rxsse.Observable[R]) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		ctx, cancel := context.WithCancel(b.Context())
		var all, ready sync.WaitGroup
		inputs := make([]chan int, 10_000)
		for i := range inputs {
			inputs[i] = make(chan int)
			ready.Add(1)
			all.Go(func() {
				for range op(fed(inputs[i], ready.Done))(ctx) {
				}
			})
		}
		ready.Wait()
		for round := range 2 { // the first item of each is not measured
			if round == 1 {
				b.ResetTimer()
			}
			for i := range max(b.N*round, len(inputs)*(1-round)) {
				inputs[i%len(inputs)] <- i
			}
		}
		b.StopTimer()
		cancel()
		all.Wait()
	}
}

// fed delivers the items of c.
func fed(c <-chan int, ready func()) rxsse.Observable[int] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			ready()
			for {
				select {
				case v := <-c:
					if !yield(v, nil) {
						return
					}
				case <-ctx.Done():
					yield(0, context.Cause(ctx))
					return
				}
			}
		}
	}
}
