package operators

import (
	"math/rand/v2"
	"time"

	"github.com/rxsse/rxsse/internal/argument"
)

// ExponentialBackoff returns a function for [Retry] that gives up when attempts
// subscriptions, including the first, have failed. Until then the wait doubles with each
// failure, from first up to most. Each wait is shortened at random by up to a half, so that
// clients that failed together do not retry together.
//
// It counts all failures (RetryState.Total). For a stream that may run for months, count
// from the last item instead, so that it gives up only after that many failures without an
// item in between.
//
//	backoff := operators.ExponentialBackoff(5, time.Second, time.Minute)
//	prices := operators.Retry(src, func(s operators.RetryState) (time.Duration, bool) {
//		s.Total = s.InARow
//		return backoff(s)
//	})
//
// ExponentialBackoff panics if attempts or first is not positive, or if most is less than
// first.
func ExponentialBackoff(attempts int, first, most time.Duration) func(RetryState) (wait time.Duration, retry bool) {
	argument.MustBePositive("operators: ExponentialBackoff: attempts", attempts)
	argument.MustBePositive("operators: ExponentialBackoff: first", first)
	if most < first {
		panic("operators: ExponentialBackoff: most must be at least first")
	}
	return func(s RetryState) (time.Duration, bool) {
		if s.Total >= attempts {
			return 0, false
		}
		d := first
		for range s.Total - 1 {
			if d > most/2 {
				d = most
				break
			}
			d *= 2
		}
		return d - rand.N(d/2+1), true //nolint:gosec // jitter needs no security
	}
}
