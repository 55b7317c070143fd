package operators

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
			assert.Equal(t, instant(row.expect), instant(row.at).floor(time.Duration(row.d)))
		})
	}
}

func TestInstantArithmeticStopsAtTheEnds(t *testing.T) {
	assert.Equal(t, never, lastInstant.plus(math.MaxInt64))
	assert.Equal(t, instant(7), instant(5).plus(2))
	assert.Equal(t, longAgo, firstInstant.minus(math.MaxInt64))
	assert.Equal(t, instant(3), instant(5).minus(2))
	assert.Equal(t, time.Duration(3), instant(5).since(2))
	assert.Zero(t, instant(2).since(5))
	assert.Equal(t, time.Duration(math.MaxInt64), lastInstant.since(longAgo))
}

func TestInstantOf(t *testing.T) {
	now := time.Now()
	assert.Equal(t, now.UnixNano(), int64(instantOf(now)))
	assert.True(t, instantOf(now).time().Equal(now))
	assert.Equal(t, firstInstant, instantOf(time.Time{}), "the zero time")
	assert.Equal(t, firstInstant, instantOf(time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC)))
	assert.Equal(t, lastInstant, instantOf(time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)))
	assert.Equal(t, 1823, firstInstant.time().UTC().Year())
	assert.Equal(t, 2116, lastInstant.time().UTC().Year())
}

func TestClockFollowsTheMonotonicClock(t *testing.T) {
	c := startClock()
	later := c.start.Add(time.Minute)
	assert.Equal(t, c.origin.plus(time.Minute), c.at(later))
	assert.True(t, c.time(c.at(later)).Equal(later))
	assert.Contains(t, c.time(c.at(later)).String(), "m=", "to wait for")
}
