package operators

import (
	"context"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
)

// BenchmarkGroupBy measures the cost of an item on its way through a group to the group's
// reader, including the source: 80-byte items of 8 keys.
func BenchmarkGroupBy(b *testing.B) {
	b.Run("8 keys", exhaust(benchTrades(), func(src rxsse.Observable[trade]) rxsse.Observable[trade] {
		return readAll(GroupBy(src, func(t trade) int64 { return t.ID % 8 }, 1024, time.Minute))
	}))
}

// readAll reads each group on its own goroutine, and delivers only errors.
func readAll[K comparable, T any](groups rxsse.Observable[Group[K, T]]) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var readers sync.WaitGroup
			defer readers.Wait()
			for g, err := range groups(ctx) {
				if err != nil {
					var zero T
					yield(zero, err)
					return
				}
				readers.Go(func() {
					for range g.Items(ctx) {
					}
				})
			}
		}
	}
}
