package operators

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestRateLimit(t *testing.T) {
	limited := func(burst int) func(letters) letters {
		return func(src letters) letters {
			return RateLimit(src, rate.NewLimiter(rate.Every(3*marble.Frame), burst))
		}
	}
	t.Run("a burst of 2", func(t *testing.T) {
		checkDiagrams(t, limited(2), []diagram{
			{"drops nothing, and src waits", "(abcd)|", "(ab)--c--(d|)"},
			{"the burst, then the rate", "abcd---------e|", "ab-c--d------e|"},
			{"a slow stream passes as it is", "a--b--c--|", "a--b--c--|"},
			{"the burst fills again", "(ab)-----(cd)|", "(ab)-----(cd)|"},
			{"an error comes after all items", "(abc)#", "(ab)--(c#)"},
		})
	})
	t.Run("no burst", func(t *testing.T) {
		checkDiagrams(t, limited(1), []diagram{
			{"evenly", "(abc)|", "a--b--(c|)"},
		})
	})
}

// Two streams with one limiter share its rate.
func TestRateLimitIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := rate.NewLimiter(rate.Every(time.Second), 1)
		start := time.Now()
		both := Merge(RateLimit(from(1, 2, 3), limiter), RateLimit(from(4, 5, 6), limiter))
		assert.ElementsMatch(t, []int{1, 2, 3, 4, 5, 6}, collect(t, both))
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

// A wait that would outlast the context's deadline ends at the deadline, with the cause, and
// cancels its reservation.
func TestRateLimitIsCancelledDuringAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errGone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errGone)
		defer cancel()
		limiter := rate.NewLimiter(rate.Every(time.Hour), 1)
		start := time.Now()
		var got []any
		for v, err := range RateLimit(from(1, 2), limiter)(ctx) {
			if err != nil {
				got = append(got, err)
				break
			}
			got = append(got, v)
		}
		assert.Equal(t, []any{1, errGone}, got)
		assert.Equal(t, time.Minute, time.Since(start))
		time.Sleep(time.Hour)
		assert.True(t, limiter.Allow(), "the dropped item does not count")
	})
}

func TestRateLimitFailsWithoutABurst(t *testing.T) {
	for _, err := range RateLimit(from(1), rate.NewLimiter(1, 0))(t.Context()) {
		require.EqualError(t, err, "operators: RateLimit: the limiter's burst is 0, so it permits nothing; make it at least 1")
	}
}

func TestContractOfRateLimit(t *testing.T) {
	rxssetest.Operator[string, string]{
		Apply: func(src letters) letters { return RateLimit(src, rate.NewLimiter(rate.Every(time.Second), 2)) },
		Items: []string{"a", "b", "c", "d"},
	}.Check(t)
}
