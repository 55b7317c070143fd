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
	// leastWait is between two attempts even if the server says "retry: 0".
	leastWait = 100 * time.Millisecond
	// backoffCap bounds the wait that grows while attempts fail.
	backoffCap = 30 * time.Second
	// mostWait bounds what a server may ask for, with "retry:" or Retry-After.
	mostWait = time.Hour
	// healthyAge is how long a connection lasts that has not failed, even if it
	// has delivered nothing: there are streams with little to say. At the cap, the
	// attempts cannot come any faster than those that fail.
	healthyAge = backoffCap
)

// A pace says how long to wait before the next attempt.
type pace struct {
	reconnectionTime time.Duration
	healthyAfter     time.Duration // 0: see isHealthy
	failures         int           // attempts in a row that have failed
}

// failed counts an attempt that came to nothing, healthy one that did not.
func (p *pace) failed()  { p.failures++ }
func (p *pace) healthy() { p.failures = 0 }

// isHealthy reports whether a connection that has ended at age is one that has
// not failed: it has delivered an event or has lasted a while, or, with
// healthyAfter set, it has lasted for that.
func (p *pace) isHealthy(delivered bool, age time.Duration) bool {
	if p.healthyAfter > 0 {
		return age >= p.healthyAfter
	}
	return delivered || age >= healthyAge
}

// next returns how long to wait after a connection that ended with err.
//
// After a healthy connection that is the reconnection time. While attempts fail
// it is a random time between that and its double, fourfold, and so on, so that
// the clients of a server that comes back do not all arrive at once; and at least
// what the server has asked for.
func (p *pace) next(err error) time.Duration {
	least := max(p.reconnectionTime, leastWait)
	wait := least
	if p.failures > 1 && least < backoffCap {
		most := min(least<<min(p.failures-1, 20), backoffCap) // least has 35 bits at most
		wait += rand.N(most - least)                          //nolint:gosec // jitter is no secret
	}
	var e *Error
	if errors.As(err, &e) {
		wait = max(wait, min(retryAfter(e.Header, time.Now()), mostWait))
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
