package source

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// minWait is between two attempts even if the server says "retry: 0".
	minWait = 100 * time.Millisecond
	// maxBackoff bounds the wait that grows while attempts fail.
	maxBackoff = 30 * time.Second
	// maxServerWait bounds what a server may ask for, with "retry:" or Retry-After.
	maxServerWait = time.Hour
	// healthyAfterDefault is how long a connection lasts that has not failed, even if it
	// has delivered nothing: there are streams with little to say. At the cap, the
	// attempts cannot come any faster than those that fail.
	healthyAfterDefault = maxBackoff
)

// A backoff says how long to wait before the next attempt.
type backoff struct {
	reconnectionTime time.Duration
	healthyAfter     time.Duration // 0: see isHealthy
	failures         int           // attempts in a row that have failed
}

// failed counts an attempt that has failed.
func (b *backoff) failed() { b.failures++ }

// reset forgets the attempts that have failed.
func (b *backoff) reset() { b.failures = 0 }

// isHealthy reports whether a connection that has ended at age is one that has
// not failed: it has delivered an event or has lasted a while, or, with
// healthyAfter set, it has lasted for that.
func (b *backoff) isHealthy(delivered bool, age time.Duration) bool {
	if b.healthyAfter > 0 {
		return age >= b.healthyAfter
	}
	return delivered || age >= healthyAfterDefault
}

// next returns how long to wait after a connection that ended with failure, nil if it ended in an
// orderly way.
//
// After a healthy connection that is the reconnection time. While attempts fail
// it is a random time between that and its double, fourfold, and so on, so that
// the clients of a server that comes back do not all arrive at once; and at least
// what the server has asked for.
func (b *backoff) next(failure *Error) time.Duration {
	least := max(b.reconnectionTime, minWait)
	wait := least
	if b.failures > 1 && least < maxBackoff {
		most := min(least<<min(b.failures-1, 20), maxBackoff) // least has 35 bits at most
		wait += rand.N(most - least)                          //nolint:gosec // jitter is no secret
	}
	if failure != nil {
		wait = max(wait, min(retryAfter(failure.Header, time.Now()), maxServerWait))
	}
	return wait
}

// retryAfter returns how long the server asks to wait: a number of seconds or a
// date (RFC 9110 §10.2.3), 0 if it says nothing that can be understood. More
// seconds than can be counted are as many as can.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
