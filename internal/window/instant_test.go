package window

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestInstantFloor(t *testing.T) {
	for _, row := range []struct {
		name          string
		at, d, expect int64
	}{
		{"on the grid", 20, 10, 20},
		{"off the grid", 29, 10, 20},
		{"before the epoch", -13, 10, -20},
		{"on the grid before the epoch", -20, 10, -20},
		{"a length beyond half of time", -1, math.MaxInt64, -math.MaxInt64},
		{"the beginning of time", math.MinInt64, 10, math.MinInt64},
	} {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, Instant(row.expect), Instant(row.at).Floor(time.Duration(row.d)))
		})
	}
}

func TestInstantArithmeticStopsAtTheEnds(t *testing.T) {
	assert.Equal(t, Never, lastInstant.Plus(math.MaxInt64))
	assert.Equal(t, Instant(7), Instant(5).Plus(2))
	assert.Equal(t, LongAgo, firstInstant.Minus(math.MaxInt64))
	assert.Equal(t, Instant(3), Instant(5).Minus(2))
	assert.Equal(t, time.Duration(3), Instant(5).Since(2))
	assert.Equal(t, time.Duration(1), Instant(3).Since(2))
	assert.Zero(t, Instant(2).Since(5))
	assert.Equal(t, time.Duration(math.MaxInt64), lastInstant.Since(LongAgo))
}

func TestInstantOf(t *testing.T) {
	now := time.Now()
	got, ok := InstantOf(now)
	assert.True(t, ok)
	assert.Equal(t, now.UnixNano(), int64(got))
	assert.True(t, got.Time().Equal(now))
	for _, absurd := range []time.Time{
		{},
		time.Date(1823, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2116, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		_, ok := InstantOf(absurd)
		assert.False(t, ok, absurd)
	}
	const last = int64(lastInstant / Instant(time.Second))
	for s, want := range map[int64]bool{last: false, last - 1: true, -last: false, 1 - last: true} {
		_, ok := InstantOf(time.Unix(s, 0))
		assert.Equal(t, want, ok, "second %d", s)
	}
	for _, sane := range []time.Time{time.Date(1824, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2115, 1, 1, 0, 0, 0, 0, time.UTC)} {
		got, ok := InstantOf(sane)
		assert.True(t, ok, sane)
		assert.True(t, got.Time().Equal(sane))
	}
}

func TestClockFollowsTheMonotonicClock(t *testing.T) {
	c := StartClock()
	later := c.start.Add(time.Minute)
	assert.Equal(t, c.origin.Plus(time.Minute), c.At(later))
	assert.True(t, c.Time(c.At(later)).Equal(later))
	assert.Contains(t, c.Time(c.At(later)).String(), "m=", "to wait for")
}
