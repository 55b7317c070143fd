package source

import (
	"fmt"
	"io"
	"time"

	"github.com/rxsse/rxsse/internal/argument"
)

// WithIdleTimeout reconnects when nothing, not even a comment, has arrived for d. The new
// attempt uses another connection, over HTTP/2 too. Set d to at least twice the time
// between the server's heartbeats.
//
// Without it, a vanished peer is detected over HTTP/2 by the pings of the default client,
// within half a minute, and over HTTP/1.1 only by TCP keepalive: after about three minutes
// on Linux, or never behind a proxy that keeps the connection alive. Default: no timeout,
// since many streams are silent for hours.
//
// Under [ReconnectAlways] it also limits the wait for the header of a response, unless
// [WithConnectTimeout] does. Time during which the consumer is busy does not count. The
// failure is an [Error] that wraps [ErrIdleTimeout]. WithIdleTimeout panics if d is
// negative; 0 means the default.
func WithIdleTimeout(d time.Duration) Option {
	argument.MustNotBeNegative("source: WithIdleTimeout: d", d)
	return func(c *config) { c.idleTimeout = d }
}

// An idleReader abandons an attempt when a read waits too long. Its timer runs only during
// reads, so a slow consumer does not look like a silent server.
type idleReader struct {
	r     io.Reader
	d     time.Duration
	timer *time.Timer
}

func newIdleReader(r io.Reader, d time.Duration, a *attempt) *idleReader {
	timer := a.abandonAfter(d, fmt.Errorf("%w of %v", ErrIdleTimeout, d))
	timer.Stop()
	return &idleReader{r: r, d: d, timer: timer}
}

func (r *idleReader) Read(p []byte) (int, error) {
	r.timer.Reset(r.d)
	defer r.timer.Stop()
	return r.r.Read(p)
}
