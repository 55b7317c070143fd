package source

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Interval returns a stream that delivers 0, 1, 2, … at intervals of d, the first after d.
// It never completes. When its context is cancelled it ends with the cause. If the consumer
// takes longer than d, ticks are dropped as by [time.Ticker], but the numbers stay
// consecutive. Interval panics if d is not positive.
func Interval(d time.Duration) rxsse.Observable[int] {
	argument.MustBePositive("source: Interval: d", d)
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			ticker := time.NewTicker(d)
			defer ticker.Stop()
			for n := 0; ; n++ {
				select {
				case <-ticker.C:
				case <-ctx.Done():
				}
				if ctx.Err() != nil {
					end(ctx, yield)
					return
				}
				if !yield(n, nil) {
					return
				}
			}
		}
	}
}
