package source

import (
	"errors"
	"math/rand/v2"
	"time"
)

const (
	// leastWait is between two attempts even if the server says "retry: 0".
	leastWait = 100 * time.Millisecond
	// backoffCap bounds the wait that grows while attempts fail.
	backoffCap = 30 * time.Second
	// mostWait bounds what a server may ask for, with "retry:" or Retry-After.
	mostWait = time.Hour
)

// A pace says how long to wait before the next attempt.
type pace struct {
	reconnectionTime time.Duration
	failures         int // attempts in a row that have failed
}

// failed counts an attempt that delivered nothing, healthy one that did.
func (p *pace) failed()  { p.failures++ }
func (p *pace) healthy() { p.failures = 0 }

// next returns how long to wait after a connection that ended with err.
//
// After a healthy connection that is the reconnection time. While attempts fail
// it is a random time between that and its double, fourfold, and so on, so that
// the clients of a server that comes back do not all arrive at once; and at least
// what the server has asked for.
func (p *pace) next(err error) time.Duration {
	least := min(max(p.reconnectionTime, leastWait), mostWait)
	wait := least
	if p.failures > 1 {
		most := least << min(p.failures-1, 20) // a failure a bit; least is 36 bits at most
		if most = min(most, backoffCap); most > least {
			wait += rand.N(most - least) //nolint:gosec // jitter is no secret
		}
	}
	var e *Error
	if errors.As(err, &e) {
		wait = max(wait, min(retryAfter(e.Header, time.Now()), mostWait))
	}
	return wait
}
