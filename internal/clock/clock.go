// Package clock waits for time to pass, or for a context to end.
package clock

import (
	"context"
	"time"
)

// Sleep waits for d. It returns false if ctx has ended by then.
func Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
