package window

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counting counts the items of each key in the Config of a test.
func counting[K comparable](sent *int) Config[K, K, int] {
	return Config[K, K, int]{
		Key:         func(v K) K { return v },
		Accumulator: Fold[K, int]{Init: func() int { return 0 }, Step: func(n int, _ K) int { return n + 1 }},
		Send:        func(Result[K, int]) bool { *sent++; return true },
	}
}

// Nothing is held for a key that has no items.
func TestWindowsForgetIdleKeys(t *testing.T) {
	items := make([]int, 1000)
	for i := range items {
		items[i] = i
	}
	var sent int
	t.Run("Opened", func(t *testing.T) {
		o := NewOpened(counting[int](&sent), Bounds[int]{Gap: 10}, StartClock())
		o.Add(1, items)
		require.True(t, o.Advance(10))
		assert.Len(t, o.oldest, 1000)
		o.Add(10, items[:3])
		require.True(t, o.Advance(11))
		assert.Len(t, o.oldest, 3, "used since")
		assert.Equal(t, Instant(20), o.Next(), "one deadline for all")
		require.True(t, o.Advance(20))
		assert.Empty(t, o.oldest)
		assert.Equal(t, Never, o.Next())
	})
	t.Run("Aligned", func(t *testing.T) {
		a := NewAligned(counting[int](&sent), Grid{Size: 10, Slide: 10}, 0, nil)
		a.Add(1, items)
		require.True(t, a.Advance(10))
		assert.Empty(t, a.held)
		assert.Empty(t, a.spare.index)
		assert.Positive(t, cap(a.spare.cells), "room for as many")
		a.Add(11, items[:3])
		require.True(t, a.Advance(20))
		assert.Zero(t, cap(a.spare.cells), "no room for many more than there were")
		a.Add(21, items[:3])
		assert.Equal(t, map[int]int{0: 0, 1: 1, 2: 2}, a.newest.index)
	})
}

// A key that does not equal itself is not kept.
func TestSessionsForgetNaN(t *testing.T) {
	var sent int
	s := NewSessions(counting[float64](&sent), 1, 0, nil)
	s.Add(1, []float64{math.NaN(), 7, math.NaN()})
	require.True(t, s.Advance(5))
	assert.Equal(t, 3, sent)
	assert.Empty(t, s.queue)
	assert.Empty(t, s.earliest)
}
