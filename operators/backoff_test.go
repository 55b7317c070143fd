package operators

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestExponentialBackoff(t *testing.T) {
	const s = time.Second
	backoff := ExponentialBackoff(1001, s, 10*s)
	for failures, most := range map[int]time.Duration{1: s, 2: 2 * s, 3: 4 * s, 4: 8 * s, 5: 10 * s, 6: 10 * s, 1000: 10 * s} {
		shortest, longest := most, time.Duration(0)
		for range 1000 {
			wait, retry := backoff(RetryState{Total: failures})
			assert.True(t, retry)
			shortest, longest = min(shortest, wait), max(longest, wait)
		}
		assert.GreaterOrEqual(t, shortest, most/2, "%d failures", failures)
		assert.Less(t, shortest, most*6/10, "%d failures", failures)
		assert.LessOrEqual(t, longest, most, "%d failures", failures)
		assert.Greater(t, longest, most*9/10, "%d failures", failures)
	}
}

func TestBackoffCountsAttempts(t *testing.T) {
	backoff := ExponentialBackoff(2, time.Second, time.Minute)
	_, retry := backoff(RetryState{Total: 1, InARow: 1})
	assert.True(t, retry)
	_, retry = backoff(RetryState{Total: 2, InARow: 1})
	assert.False(t, retry)
}

func TestBackoffRefusesNonsense(t *testing.T) {
	assert.PanicsWithValue(t, "operators: ExponentialBackoff: attempts must be positive, got 0", func() { ExponentialBackoff(0, 1, 1) })
	assert.PanicsWithValue(t, "operators: ExponentialBackoff: first must be positive, got -1ns", func() { ExponentialBackoff(1, -1, 1) })
	assert.PanicsWithValue(t, "operators: ExponentialBackoff: most must be at least first", func() { ExponentialBackoff(1, 2, 1) })
}
