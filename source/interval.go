package source

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
)

// Interval returns the stream that delivers 0, 1, 2, … d apart, the first after d.
// It never completes; with a cancelled context it ends with the cause. A consumer
// that takes longer than d misses no number, but gets the next one late, as
// [time.Ticker] has it. A d that is not positive panics.
func Interval(d time.Duration) rxsse.Observable[int] {
	if d <= 0 {
		panic(fmt.Sprintf("source: Interval: d must be positive, got %v", d))
	}
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
					yield(0, context.Cause(ctx))
					return
				}
				if !yield(n, nil) {
					return
				}
			}
		}
	}
}
