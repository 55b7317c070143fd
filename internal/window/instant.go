package window

import (
	"math"
	"time"
)

// An Instant is a point in time, in nanoseconds since the Unix epoch. Arithmetic
// saturates at LongAgo and Never.
type Instant int64

const (
	// LongAgo is before all instants of items.
	LongAgo Instant = math.MinInt64
	// Never is after all instants of items.
	Never Instant = math.MaxInt64

	// Items lie between these, from 1823 to 2116: far enough from the ends for arithmetic.
	firstInstant Instant = -1 << 62
	lastInstant  Instant = 1 << 62
)

// InstantOf returns the instant of t by its wall clock, and whether t lies between the years
// 1823 and 2116. The zero time does not.
func InstantOf(t time.Time) (Instant, bool) {
	s := t.Unix()
	if s <= int64(firstInstant)/int64(time.Second) || s >= int64(lastInstant)/int64(time.Second) {
		return 0, false
	}
	return Instant(t.UnixNano()), true
}

// Time returns i as a local wall clock time.
func (i Instant) Time() time.Time { return time.Unix(0, int64(i)) }

// Plus returns the instant d after i. d must not be negative.
func (i Instant) Plus(d time.Duration) Instant {
	if i > Never-Instant(d) {
		return Never
	}
	return i + Instant(d)
}

// Minus returns the instant d before i. d must not be negative.
func (i Instant) Minus(d time.Duration) Instant {
	if i < LongAgo+Instant(d) {
		return LongAgo
	}
	return i - Instant(d)
}

// Since returns the time from earlier to i, or 0 if i is before earlier.
func (i Instant) Since(earlier Instant) time.Duration {
	if i <= earlier {
		return 0
	}
	if d := time.Duration(i - earlier); d > 0 {
		return d
	}
	return math.MaxInt64
}

// Floor returns the last multiple of d, counted from the epoch, that is not after i.
func (i Instant) Floor(d time.Duration) Instant {
	remainder := time.Duration(i) % d
	if remainder < 0 {
		remainder += d
	}
	return i.Minus(remainder)
}

// A Clock reads the wall clock once, at the start, and then follows the monotonic clock, so
// windows keep their length when the wall clock is set.
type Clock struct {
	start  time.Time
	origin Instant // start
}

// StartClock starts a clock.
func StartClock() Clock {
	now := time.Now()
	return Clock{now, Instant(now.UnixNano())}
}

// At returns the instant of now, which [time.Now] returned.
func (c Clock) At(now time.Time) Instant { return c.origin.Plus(now.Sub(c.start)) }

// Now returns the current instant.
func (c Clock) Now() Instant { return c.At(time.Now()) }

// Time is the inverse of At: a time with a monotonic reading, for a timer.
func (c Clock) Time(i Instant) time.Time { return c.start.Add(time.Duration(i - c.origin)) }
