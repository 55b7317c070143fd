package source

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/rxsse/rxsse/internal/argument"
)

// defaultReconnectionTime is how long a client waits before it reconnects, unless it or the
// server sets another time.
const defaultReconnectionTime = 3 * time.Second

// healthyAge is the age at which a connection counts as healthy even if it has delivered
// nothing: some streams are quiet. It is also the default of Backoff.Max, so such
// connections follow each other no faster than failing attempts.
const healthyAge = 30 * time.Second

// A Backoff says how long a stream waits before it connects again, and when it stops
// trying. Zero fields mean the defaults. See [WithBackoff].
type Backoff struct {
	// First is the wait after a healthy connection, and after the first failed attempt. The
	// server's "retry:" replaces it. Default: 3 seconds, or the time of
	// [WithReconnectionTime].
	First time.Duration
	// Growth is the factor by which the wait grows with each further failed attempt,
	// beginning with First, or with Min if that is longer. Default: 2. Set 1 for constant
	// waits.
	Growth float64
	// Max is where growth stops. It does not shorten First, or a wait that the server asks
	// for. Default: 30 seconds.
	Max time.Duration
	// Min is the shortest wait, whatever the server, First or Wait say. It protects a
	// server that ends each connection at once. Default: 100 milliseconds.
	Min time.Duration
	// MaxServer is the longest wait that a server may ask for, with "retry:" or
	// Retry-After. Default: one hour.
	MaxServer time.Duration
	// Jitter spreads out the clients of a restarted server: a wait of d becomes a random
	// time, uniformly distributed between d and (1+Jitter)·d. Default: 0.5. A negative
	// Jitter means none, for tests.
	Jitter float64
	// GiveUpAfter ends the stream, as [WithMaxAttempts] does, when attempts have failed for
	// that long: when the next one would begin later than that after the end of the last
	// healthy connection, or after the beginning of the stream. Default: no limit. An
	// attempt that hangs does not fail; use [WithConnectTimeout] too.
	GiveUpAfter time.Duration
	// Wait, if not nil, returns the wait. The other fields still determine
	// BackoffState.Wait, and Min and GiveUpAfter apply to the result. Wait runs on the
	// goroutine that ranges over the stream.
	Wait func(BackoffState) time.Duration
}

// A BackoffState is what Backoff.Wait decides by.
type BackoffState struct {
	// Failures is the number of attempts in a row that failed: 0 after a healthy
	// connection.
	Failures int
	// Elapsed is the time since the last healthy connection ended, or since the stream
	// began if there was none.
	Elapsed time.Duration
	// Err is why the last attempt or connection ended, or nil if the server ended the
	// response cleanly.
	Err *Error
	// RetryAfter is the time of the server's Retry-After field, at most Backoff.MaxServer,
	// or 0 if there was none.
	RetryAfter time.Duration
	// Wait is the wait without Backoff.Wait, jitter included.
	Wait time.Duration
}

// WithBackoff sets how long to wait between attempts, and for how long to try. It replaces
// all fields of an earlier WithBackoff. It panics if a duration is negative, or if Growth
// is neither 0 nor at least 1.
//
//	source.WithBackoff(source.Backoff{First: time.Second, Max: time.Minute, GiveUpAfter: 5 * time.Minute})
func WithBackoff(b Backoff) Option {
	argument.MustNotBeNegative("source: WithBackoff: each duration", min(b.First, b.Max, b.Min, b.MaxServer, b.GiveUpAfter))
	if b.Growth != 0 && !(b.Growth >= 1) || math.IsNaN(b.Jitter) {
		panic(fmt.Sprintf("source: WithBackoff: Growth must be 0 or at least 1 and Jitter a number, got %v and %v", b.Growth, b.Jitter))
	}
	return func(c *config) { c.backoff = b }
}

// WithReconnectionTime sets Backoff.First alone: how long to wait before connecting again
// after a connection has ended. The server's "retry:" changes it for the rest of the
// stream. 0 means Backoff.Min. The default is 3 seconds. It panics if d is negative.
func WithReconnectionTime(d time.Duration) Option {
	argument.MustNotBeNegative("source: WithReconnectionTime: d", d)
	return func(c *config) { c.reconnectionTime, c.backoff.First = &d, 0 }
}

// WithHealthyAfter makes a connection count as healthy once it has lasted for d, whether or
// not it has delivered anything. Only a healthy connection resets the backoff and the count
// of attempts. By default a connection is healthy after its first event or half a minute.
// Use it where a server greets every client with an event and then turns some away. It
// panics if d is negative; 0 means the default.
func WithHealthyAfter(d time.Duration) Option {
	argument.MustNotBeNegative("source: WithHealthyAfter: d", d)
	return func(c *config) { c.healthyAfter = d }
}

// A backoff applies a [Backoff] to one stream.
type backoff struct {
	Backoff

	healthyAfter time.Duration // 0: see isHealthy
	failures     int           // consecutive failed attempts
	since        time.Time     // end of the last healthy connection, or start of the stream
}

func newBackoff(cfg config) backoff {
	b := backoff{Backoff: cfg.backoff, healthyAfter: cfg.healthyAfter, since: time.Now()}
	first := defaultReconnectionTime
	if cfg.reconnectionTime != nil {
		first = *cfg.reconnectionTime
	}
	b.First = cmp.Or(b.First, first)
	b.Growth = cmp.Or(b.Growth, 2)
	b.Max = cmp.Or(b.Max, healthyAge)
	b.Min = cmp.Or(b.Min, 100*time.Millisecond)
	b.MaxServer = cmp.Or(b.MaxServer, time.Hour)
	b.Jitter = cmp.Or(b.Jitter, 0.5)
	return b
}

// failed counts a failed attempt.
func (b *backoff) failed() { b.failures++ }

// reset forgets the failed attempts when a healthy connection has ended.
func (b *backoff) reset() { b.failures, b.since = 0, time.Now() }

// isHealthy reports whether a connection that lasted for age was healthy: it lasted for
// healthyAfter or, if that is 0, delivered an event or lasted for healthyAge.
func (b *backoff) isHealthy(delivered bool, age time.Duration) bool {
	if b.healthyAfter != 0 {
		return age >= b.healthyAfter
	}
	return delivered || age >= healthyAge
}

// setReconnectionTime adopts a reconnection time from the server.
func (b *backoff) setReconnectionTime(d time.Duration) { b.First = min(d, b.MaxServer) }

// next returns how long to wait before the next attempt. failure is nil if the server ended
// the response cleanly.
func (b *backoff) next(failure *Error) time.Duration {
	wait := float64(max(b.First, b.Min)) // grows from Min when First is 0
	grown := wait * math.Pow(b.Growth, float64(b.failures-1))
	wait = max(wait, min(grown, float64(b.Max))) // after a healthy connection, grown is less than wait
	var asked time.Duration
	if failure != nil {
		asked = min(retryAfter(failure.Header, time.Now()), b.MaxServer)
		wait = max(wait, float64(asked))
	}
	wait += wait * max(0, b.Jitter) * rand.Float64() //nolint:gosec // jitter is no secret
	d := time.Duration(min(wait, math.MaxInt64/2))   // a float64 cannot hold MaxInt64
	if b.Wait == nil {
		return d
	}
	return max(b.Min, b.Wait(BackoffState{
		Failures: b.failures, Elapsed: time.Since(b.since), Err: failure, RetryAfter: asked, Wait: d,
	}))
}

// exceeds reports whether waiting for d would exceed GiveUpAfter.
func (b *backoff) exceeds(d time.Duration) bool {
	return b.GiveUpAfter != 0 && b.failures != 0 && time.Since(b.since)+d > b.GiveUpAfter
}
