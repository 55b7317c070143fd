package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse/internal/clock"
)

// missingTimeout is how long a stream or a consumer may be missing before it counts as
// deleted: a server that has just become the leader may not know it yet.
const missingTimeout = 5 * time.Second

// A retry waits between the attempts to reach a cluster.
type retry struct {
	nc      *nats.Conn
	what    string // for errors, such as "append to stream"
	backoff *backoff.ExponentialBackOff
	missing time.Time // since when the stream or the consumer is missing
}

func newRetry(js jetstream.JetStream, what string) *retry {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 50*time.Millisecond, 2*time.Second
	return &retry{nc: js.Conn(), what: what, backoff: b}
}

// reset notes that an attempt has succeeded.
func (r *retry) reset() {
	r.backoff.Reset()
	r.missing = time.Time{}
}

// isMissing reports whether an attempt has failed because the stream or the consumer is
// missing, or is a different one.
func isMissing(err error) bool {
	return errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, errBehind)
}

// wait waits before the next attempt after one that failed with err. It returns an error if
// there must be no next attempt: the cause of ctx once that has ended; otherwise one that
// wraps nats.ErrConnectionClosed, or err if the stream or the consumer has been deleted.
func (r *retry) wait(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r.nc.IsClosed():
		return fmt.Errorf("jetstream: %s: %w", r.what, nats.ErrConnectionClosed)
	case !isMissing(err):
		r.missing = time.Time{}
	case r.missing.IsZero():
		r.missing = time.Now()
	case time.Since(r.missing) > missingTimeout:
		return fmt.Errorf("jetstream: %s: %w", r.what, err)
	}
	if !clock.Sleep(ctx, r.backoff.NextBackOff()) {
		return context.Cause(ctx)
	}
	return nil
}
