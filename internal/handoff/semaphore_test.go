package handoff

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSemaphoreNeverLetsMoreThroughAndLosesNoRelease(t *testing.T) {
	const limit, n = 3, 30_000
	s := NewSemaphore(limit)
	var held atomic.Int64
	passed := make(chan struct{}, limit)
	for range 2 {
		go func() {
			for range passed {
				held.Add(-1)
				s.Release(1)
			}
		}()
	}
	for range n {
		require.True(t, s.Acquire(t.Context(), 1))
		require.LessOrEqual(t, held.Add(1), int64(limit))
		passed <- struct{}{}
	}
	close(passed)
}

func TestSemaphoreThatIsCancelled(t *testing.T) {
	s := NewSemaphore(1)
	ctx, cancel := context.WithCancel(t.Context())
	assert.True(t, s.Acquire(ctx, 1))
	cancel()
	assert.False(t, s.Acquire(ctx, 1), "there is no room")
	s.Release(1)
	assert.True(t, s.Acquire(ctx, 1), "the call that failed took nothing")
}
