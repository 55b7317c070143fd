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

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

// onTurn returns a stream that follows the next of diagrams on each subscription, and
// repeats the last one.
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
	// wait waits a frame for each failure in a row, until attempts have failed.
	wait := func(attempts int) func(RetryState) (time.Duration, bool) {
		return func(s RetryState) (time.Duration, bool) {
			return time.Duration(s.InARow) * marble.Frame, s.Total < attempts
		}
	}
	for _, c := range []struct {
		name     string
		attempts int
		turns    []string
		want     string
	}{
		{"completion is not retried", 3, []string{"a|", "b|"}, "a|"},
		{"a failure is", 3, []string{"a#", "b|"}, "a-b|"},
		{"waits between", 5, []string{"#", "#", "#", "b|"}, "------b|"},
		{"an item ends the row, not the count", 4, []string{"a#", "a#", "a#", "|"}, "a-a-a-|"},
		{"gives up", 3, []string{"#"}, "---#"},
		{"gives up though items come between", 3, []string{"ab#"}, "ab-ab-ab#"},
		{"one attempt is no retry", 1, []string{"a#"}, "a#"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				assert.Equal(t, c.want, marble.Record(t.Context(), Retry(onTurn(c.turns...), wait(c.attempts))))
			})
		})
	}
}

func TestRetryTellsWhatItKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []RetryState
		src := Retry(onTurn("#", "a#", "#", "#", "b|"), func(s RetryState) (time.Duration, bool) {
			seen = append(seen, s)
			return 0, true
		})
		want := []RetryState{{marble.Err, 1, 1}, {marble.Err, 2, 1}, {marble.Err, 3, 2}, {marble.Err, 4, 3}}
		assert.Equal(t, []string{"a", "b"}, collect(t, src))
		assert.Equal(t, want, seen)
	})
}

// The decision depends on the error: a permanent one ends the stream at once, another sets
// the wait.
func TestRetryDecidesByTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failures := []error{busyError(3 * time.Second), busyError(time.Minute), errOdd}
		next := 0
		src := func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				next++
				yield(0, failures[next-1])
			}
		}
		start := time.Now()
		for _, err := range Retry(src, func(s RetryState) (time.Duration, bool) {
			var busy busyError
			retry := errors.As(s.Err, &busy)
			return time.Duration(busy), retry
		})(t.Context()) {
			require.ErrorIs(t, err, errOdd)
		}
		assert.Equal(t, 3, next)
		assert.Equal(t, 63*time.Second, time.Since(start))
	})
}

// A busyError contains the time to wait.
type busyError time.Duration

func (e busyError) Error() string { return "busy for " + time.Duration(e).String() }

func TestRetryGivesUpWithTheLastError(t *testing.T) {
	for attempts, text := range map[int]string{1: "1 attempt", 3: "3 attempts"} {
		give := func(s RetryState) (time.Duration, bool) { return 0, s.Total < attempts }
		for _, err := range Retry(marble.Cold("#"), give)(t.Context()) {
			var gaveUp *RetryError
			require.ErrorAs(t, err, &gaveUp)
			assert.Equal(t, attempts, gaveUp.Attempts)
			require.ErrorIs(t, err, marble.Err)
			assert.EqualError(t, err, "operators: Retry: gave up after "+text+": "+marble.Err.Error())
		}
	}
}

func TestRetryIsCancelledWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errGone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errGone)
		defer cancel()
		start := time.Now()
		for _, err := range Retry(marble.Cold("#"), func(RetryState) (time.Duration, bool) { return time.Hour, true })(ctx) {
			require.ErrorIs(t, err, errGone)
		}
		assert.Equal(t, time.Minute, time.Since(start))
	})
}

// Without a wait, a cancellation between two attempts ends it as well.
func TestRetryIsCancelledBetweenAttempts(t *testing.T) {
	errGone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	var ends []error
	for _, err := range Retry(marble.Cold("#"), func(s RetryState) (time.Duration, bool) {
		if s.Total == 3 {
			cancel(errGone)
		}
		return 0, true
	})(ctx) {
		ends = append(ends, err)
	}
	assert.Equal(t, []error{errGone}, ends)
}

// The decoder fails at the same event after each subscription, and items come before
// it: a count that an item resets would retry forever.
func TestRetryWithBackoffGivesUpAtAnEventThatCannotBeDecoded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := from(codec.Event{Type: "message", Data: "1"}, codec.Event{Type: "message", Data: "oops"})
		subscriptions := 0
		src := Retry(Finally(DecodeJSON[int](events), func() { subscriptions++ }), ExponentialBackoff(5, time.Second, time.Minute))
		var last error
		for _, err := range src(t.Context()) {
			last = err
		}
		var invalid *codec.PayloadError
		require.ErrorAs(t, last, &invalid)
		assert.Equal(t, 5, subscriptions)
	})
}

func TestContractOfRetry(t *testing.T) {
	t.Run("Retry", rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return Retry(src, ExponentialBackoff(1, time.Second, time.Second)) },
		Panicking: func(src ints, v any) ints {
			failing := TryMap(src, func(int) (int, error) { return 0, errOdd })
			return Retry(failing, func(RetryState) (time.Duration, bool) { panic(v) })
		},
		Items: []int{1, 2, 3},
	}.Check)
}
