package handoff

import (
	"context"
	"iter"
	"sync"
	"testing"

	"github.com/rxsse/rxsse"
)

// The cost of passing one item from a goroutine to another under load, compared with
// channels.
func BenchmarkCross(b *testing.B) {
	type item [10]int64
	items := func(n int) rxsse.Observable[item] {
		return func(context.Context) iter.Seq2[item, error] {
			return func(yield func(item, error) bool) {
				for range n {
					if !yield(item{}, nil) {
						return
					}
				}
			}
		}
	}
	b.Run("Queue", func(b *testing.B) {
		b.ReportAllocs()
		q := New[item](b.Context(), DefaultLimit)
		defer q.Stop()
		q.Go(items(b.N))
		for {
			if _, signal := q.Receive(nil); signal == End {
				return
			}
		}
	})
	b.Run("Latest", func(b *testing.B) {
		b.ReportAllocs()
		q := NewOverflowing[item](b.Context(), 1, Overflow{Policy: Latest})
		defer q.Stop()
		q.Go(items(b.N))
		for {
			if _, signal := q.Receive(nil); signal == End {
				return
			}
		}
	})
	for name, size := range map[string]int{"channel": 0, "channel of 256": DefaultLimit} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := b.Context()
			c := make(chan item, size)
			go func() {
				defer close(c)
				for range b.N {
					select {
					case c <- item{}:
					case <-ctx.Done():
						return
					}
				}
			}()
			for range c {
			}
		})
	}
}

// BenchmarkProducers has four producers contend for one consumer. An operation is one item of
// any producer.
func BenchmarkProducers(b *testing.B) {
	type item [10]int64
	const producers = 4
	items := func(n int) rxsse.Observable[item] {
		return func(context.Context) iter.Seq2[item, error] {
			return func(yield func(item, error) bool) {
				for range n {
					if !yield(item{}, nil) {
						return
					}
				}
			}
		}
	}
	for name, queue := range map[string]*Queue[item]{
		"by arrival": NewByArrival[item](b.Context(), DefaultLimit),
		"any order":  New[item](b.Context(), DefaultLimit/producers),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			q := New[item](b.Context(), queue.limit)
			q.byArrival = queue.byArrival
			defer q.Stop()
			for range producers {
				q.Go(items(b.N/producers + 1))
			}
			for {
				if _, signal := q.Receive(nil); signal == End {
					return
				}
			}
		})
	}
	b.Run("channel of 256", func(b *testing.B) {
		b.ReportAllocs()
		c := make(chan item, DefaultLimit)
		var wg sync.WaitGroup
		for range producers {
			wg.Go(func() {
				for range b.N/producers + 1 {
					select {
					case c <- item{}:
					case <-b.Context().Done():
						return
					}
				}
			})
		}
		go func() { wg.Wait(); close(c) }()
		for range c {
		}
	})
}
