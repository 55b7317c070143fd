package operators

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/rxsse/rxsse"
)

// A RetryError says that [Retry] has given up.
type RetryError struct {
	// Attempts is how many subscriptions in a row have failed.
	Attempts int
	// Err is the error of the last.
	Err error
}

// Error gives the number of attempts and the last error.
func (e *RetryError) Error() string {
	return fmt.Sprintf("operators: Retry: gave up after %d attempts: %v", e.Attempts, e.Err)
}

// Unwrap returns Err.
func (e *RetryError) Unwrap() error { return e.Err }

// Retry delivers the items of src and subscribes to it afresh when it fails, after
// the time that wait returns for the number of failures so far; see [Backoff].
// When attempts subscriptions in a row have failed it gives up, with a
// [RetryError] that wraps the last error. An item ends the row. Items that have
// been delivered stay delivered: what src delivers again comes again.
//
//	src:              --1--2--#
//	Retry(src, …):    --1--2-----1--2-----…
//
// On completion it completes. On cancel, also while it waits, it ends with the
// cause. It runs on the consumer's goroutine and holds nothing; src is released
// before it is subscribed to again. An attempts that is not positive panics.
//
// A stream from package source reconnects by itself, and goes on where it was:
// Retry is for what that cannot know of, such as a payload that fails to decode.
func Retry[T any](src rxsse.Observable[T], attempts int, wait func(failures int) time.Duration) rxsse.Observable[T] {
	if attempts <= 0 {
		panic(fmt.Sprintf("operators: Retry: attempts must be positive, got %d", attempts))
	}
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var zero T
			for failures := 0; ; {
				var failure error
				src(ctx)(func(v T, err error) bool {
					if err != nil {
						failure = err
						return false
					}
					failures = 0
					return yield(v, nil)
				})
				failures++
				switch {
				case failure == nil:
					return // completed, or left by the consumer
				case ctx.Err() != nil:
					yield(zero, context.Cause(ctx))
					return
				case failures >= attempts:
					yield(zero, &RetryError{Attempts: failures, Err: failure})
					return
				case !sleep(ctx, wait(failures)):
					yield(zero, context.Cause(ctx))
					return
				}
			}
		}
	}
}

// Backoff returns waits for [Retry] that double with each failure, from first to
// most, and are then shortened at random by up to a half, so that those who failed
// together do not return together. A first that is not positive panics.
func Backoff(first, most time.Duration) func(failures int) time.Duration {
	mustBePositive("Backoff: first", first)
	return func(failures int) time.Duration {
		d := first
		for range failures - 1 {
			if d >= most/2 {
				d = most
				break
			}
			d *= 2
		}
		d = max(min(d, most), 2)
		return d/2 + rand.N(d/2+1) //nolint:gosec // jitter is no secret
	}
}

// sleep waits for d and reports whether ctx lasted that long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
