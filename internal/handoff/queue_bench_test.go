package handoff

import (
	"context"
	"iter"
	"testing"

	"github.com/rxsse/rxsse"
)

// What one item costs to cross from a goroutine to another under load, against
// the channels that would be used instead.
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
