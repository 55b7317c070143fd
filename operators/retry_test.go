package operators

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/contract"
	"github.com/rxsse/rxsse/marble"
)

// onTurn is a stream that is another one each time it is subscribed to, and the
// last of diagrams from then on.
func onTurn(diagrams ...string) letters {
	turn := 0
	return func(ctx context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			diagram := diagrams[min(turn, len(diagrams)-1)]
			turn++
			marble.Cold(diagram)(ctx)(yield)
		}
	}
}

func TestRetry(t *testing.T) {
	wait := func(failures int) time.Duration { return time.Duration(failures) * marble.Frame }
	for _, c := range []struct {
		name     string
		attempts int
		turns    []string
		want     string
	}{
		{"completion is not retried", 3, []string{"a|", "b|"}, "a|"},
		{"a failure is", 3, []string{"a#", "b|"}, "a-b|"},
		{"the wait grows with failures in a row", 5, []string{"#", "#", "#", "b|"}, "------b|"},
		{"an item ends the row", 2, []string{"a#", "a#", "a#", "|"}, "a-a-a-|"},
		{"gives up", 3, []string{"#"}, "---#"},
		{"one attempt is none more", 1, []string{"a#"}, "a#"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				assert.Equal(t, c.want, marble.Record(t.Context(), Retry(onTurn(c.turns...), c.attempts, wait)))
			})
		})
	}
}

func TestRetryGivesUpWithTheLastError(t *testing.T) {
	for _, err := range Retry(marble.Cold("#"), 3, func(int) time.Duration { return 0 })(t.Context()) {
		var gaveUp *RetryError
		require.ErrorAs(t, err, &gaveUp)
		assert.Equal(t, 3, gaveUp.Attempts)
		require.ErrorIs(t, err, marble.Err)
		assert.EqualError(t, err, "operators: Retry: gave up after 3 attempts: "+marble.Err.Error())
	}
}

func TestRetryIsCancelledWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errGone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errGone)
		defer cancel()
		start := time.Now()
		for _, err := range Retry(marble.Cold("#"), 3, func(int) time.Duration { return time.Hour })(ctx) {
			require.ErrorIs(t, err, errGone)
		}
		assert.Equal(t, time.Minute, time.Since(start))
	})
}

func TestBackoff(t *testing.T) {
	wait := Backoff(time.Second, 10*time.Second)
	for failures, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 1000: 10 * time.Second} {
		for range 100 {
			assert.GreaterOrEqual(t, wait(failures), most/2, "%d failures", failures)
			assert.LessOrEqual(t, wait(failures), most, "%d failures", failures)
		}
	}
	assert.LessOrEqual(t, Backoff(time.Minute, time.Second)(1), time.Second, "a first over the most")
	assert.Panics(t, func() { Backoff(0, time.Second) })
	assert.Panics(t, func() { Retry(from(1), 0, wait) })
}

func TestContractOfRetry(t *testing.T) {
	type ints = rxsse.Observable[int]
	t.Run("Retry", contract.Operator[int, int]{
		Apply: func(src ints) ints { return Retry(src, 1, Backoff(time.Second, time.Second)) },
		Items: []int{1, 2, 3},
	}.Check)
}
