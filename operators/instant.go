package operators

import (
	"math"
	"time"
)

// An instant is a point on the time line that windows are cut from, in
// nanoseconds since the Unix epoch. Arithmetic on it stops at its ends.
type instant int64

const (
	// longAgo and never are before and after all instants that items have.
	longAgo instant = math.MinInt64
	never   instant = math.MaxInt64

	// Times further from the epoch than this, in the years 1823 and 2116, count as
	// these, far enough from the ends for arithmetic.
	firstInstant instant = -1 << 62
	lastInstant  instant = 1 << 62
)

// instantOf returns the instant of t by its wall clock.
func instantOf(t time.Time) instant {
	switch seconds := t.Unix(); {
	case seconds <= int64(firstInstant)/int64(time.Second):
		return firstInstant
	case seconds >= int64(lastInstant)/int64(time.Second):
		return lastInstant
	default:
		return instant(t.UnixNano())
	}
}

// time returns i as a wall clock time.
func (i instant) time() time.Time { return time.Unix(0, int64(i)) }

// plus returns the instant d after i, for a d that is not negative.
func (i instant) plus(d time.Duration) instant {
	if i > never-instant(d) {
		return never
	}
	return i + instant(d)
}

// minus returns the instant d before i, for a d that is not negative.
func (i instant) minus(d time.Duration) instant {
	if i < longAgo+instant(d) {
		return longAgo
	}
	return i - instant(d)
}

// since returns the time from earlier to i, 0 if i is before it.
func (i instant) since(earlier instant) time.Duration {
	if i <= earlier {
		return 0
	}
	if d := time.Duration(i - earlier); d > 0 {
		return d
	}
	return math.MaxInt64
}

// floor returns the last multiple of d, counted from the epoch, that is not
// after i.
func (i instant) floor(d time.Duration) instant {
	remainder := time.Duration(i) % d
	if remainder < 0 {
		remainder += d
	}
	return i.minus(remainder)
}

// A clock gives instants that follow the monotonic clock from the wall clock's
// time at its start.
type clock struct {
	start  time.Time
	origin instant // start
}

func startClock() clock {
	now := time.Now()
	return clock{now, instantOf(now)}
}

// at returns the instant of a time that [time.Now] gave.
func (c clock) at(now time.Time) instant { return c.origin.plus(now.Sub(c.start)) }

// time is the inverse of at: a time with a monotonic reading, to wait for.
func (c clock) time(i instant) time.Time { return c.start.Add(time.Duration(i - c.origin)) }
