package source

import (
	"fmt"
	"io"
	"time"
)

// WithIdleTimeout has a connection given up, and another made, when it has been
// silent for d: not one byte, comments included. By default there is no such
// timeout, since many streams have nothing to say for hours; but then a connection
// whose other end has vanished without a word is kept until the operating system
// notices. Where the server sends heartbeats, set it to twice the time between
// them. The failure is an [Error] that wraps [ErrIdleTimeout]. Time in which the
// consumer does not read does not count. It panics if d is negative; 0 is the
// default.
func WithIdleTimeout(d time.Duration) Option {
	mustNotBeNegative("WithIdleTimeout", d)
	return func(c *config) { c.idleTimeout = d }
}

// An idleReader abandons an attempt when a read has to wait too long. Its clock runs
// only while it reads, so that a slow consumer does not count as a silent server.
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
