package operators

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func itself[T any](v T) T { return v }

func TestDistinctWithin(t *testing.T) {
	within := func(n int) func(letters) letters {
		return func(src letters) letters { return DistinctWithin(src, 4*marble.Frame, n, itself) }
	}
	t.Run("time", func(t *testing.T) {
		checkDiagrams(t, within(100), []diagram{
			{"a repetition is delivered again after d", "--1--1---1--1--|", "--1------1-----|"},
			{"a key is known for d", "a-a--a|", "a----a|"},
			{"and not at the instant", "a---a|", "a---a|"},
			{"repetitions do not prolong it", "aaaaaa|", "a---a-|"},
			{"each key for itself", "ab-a--b-a|", "ab----b-a|"},
			{"an error", "aa#", "a-#"},
		})
	})
	t.Run("number", func(t *testing.T) {
		checkDiagrams(t, within(1), []diagram{
			{"only the last n keys are known", "abab|", "abab|"},
			{"which may be fewer than there have been", "aabb|", "a-b-|"},
		})
	})
}

// Keys that have expired are not kept.
func TestDistinctWithinForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := knownKeys[int]{n: 1000, ttl: time.Second, keys: map[int]struct{}{}}
		for i := range 1000 {
			require.True(t, known.add(i))
		}
		time.Sleep(time.Second)
		require.True(t, known.add(0))
		assert.Len(t, known.keys, 1)
		assert.Equal(t, 1, known.order.Len())
	})
}

func TestDistinctWithinKeepsNoMoreThanN(t *testing.T) {
	known := knownKeys[int]{n: 10, keys: map[int]struct{}{}}
	for i := range 1000 {
		require.True(t, known.add(i))
		require.False(t, known.add(i))
	}
	assert.Len(t, known.keys, 10)
	assert.Equal(t, 10, known.order.Len())
}

func TestDistinctWithinRefusesNonsense(t *testing.T) {
	assert.PanicsWithValue(t, "operators: DistinctWithin: d must be positive, got 0s", func() { DistinctWithin(from(1), 0, 1, itself) })
	assert.PanicsWithValue(t, "operators: DistinctWithin: n must be positive, got 0", func() { DistinctWithin(from(1), 1, 0, itself) })
	assert.PanicsWithValue(t, "operators: DistinctWithin: key is nil", func() { DistinctWithin[int, int](from(1), 1, 1, nil) })
}

func TestContractOfDistinctWithin(t *testing.T) {
	rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return DistinctWithin(src, time.Hour, 10, itself) },
		Panicking: func(src ints, v any) ints {
			return DistinctWithin(src, time.Hour, 10, func(int) int { panic(v) })
		},
		Items: []int{1, 2, 3},
	}.Check(t)
}
