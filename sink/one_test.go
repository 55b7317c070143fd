package sink_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/sink"
)

func TestCollectNRefusesMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, err := sink.CollectN(t.Context(), marble.Cold("a-b-c-d"), 2)
		require.ErrorIs(t, err, sink.ErrTooMany)
		assert.EqualError(t, err, "sink: CollectN: too many items: the stream has more than 2")
		assert.Equal(t, []string{"a", "b"}, got)
		assert.Equal(t, 4*marble.Frame, time.Since(start))
	})
}

func TestFirstAndLast(t *testing.T) {
	for _, c := range []struct {
		src         string
		first, last string
		firstErr    error
		lastErr     error
		firstAfter  time.Duration // in frames
	}{
		{"-a-b-|", "a", "b", nil, nil, 1},
		{"--|", "", "", sink.ErrEmpty, sink.ErrEmpty, 2},
		{"-a-#", "a", "a", nil, marble.Err, 1},
		{"--#", "", "", marble.Err, marble.Err, 2},
	} {
		t.Run(c.src, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				first, err := sink.First(t.Context(), marble.Cold(c.src))
				assert.Equal(t, c.first, first)
				assert.ErrorIs(t, err, c.firstErr)
				assert.Equal(t, c.firstAfter, time.Since(start)/marble.Frame)
				last, err := sink.Last(t.Context(), marble.Cold(c.src))
				assert.Equal(t, c.last, last)
				assert.ErrorIs(t, err, c.lastErr)
			})
		})
	}
}

func TestReduceKeepsWhatItHas(t *testing.T) {
	errOdd := errors.New("odd")
	add := func(sum, v int) (int, error) {
		if v%2 == 1 {
			return 0, errOdd
		}
		return sum + v, nil
	}
	sum, err := sink.Reduce(t.Context(), just(2, 4, 5, 6), 1, add)
	assert.Equal(t, errOdd, err)
	assert.Equal(t, 7, sum)
	sum, err = sink.Reduce(t.Context(), just[int](), 1, add)
	require.NoError(t, err)
	assert.Equal(t, 1, sum)
}
