package jetstream

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notClosed is a JetStream whose connection has not been closed.
type notClosed struct{ jetstream.JetStream }

func (notClosed) Conn() *nats.Conn { return new(nats.Conn) }

// A stream has been deleted if it is missing for more than five seconds without a break.
func TestRetryOfAMissingStream(t *testing.T) {
	for name, row := range map[string]struct {
		then    func(*testing.T, *retry) // after the first attempt
		after   time.Duration
		deleted bool
	}{
		"for five seconds":          {nil, 5 * time.Second, false},
		"for longer":                {nil, 5*time.Second + 1, true},
		"with a success in between": {func(_ *testing.T, r *retry) { r.reset() }, 5*time.Second + 1, false},
		"with progress of Append in between": {func(_ *testing.T, r *retry) {
			a := &appender{retry: r, stuck: 1}
			a.progress()
		}, 5*time.Second + 1, false},
		"with another error in between": {func(t *testing.T, r *retry) {
			t.Helper()
			require.NoError(t, r.wait(t.Context(), errors.New("no leader")))
		}, 5*time.Second + 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRetry(notClosed{}, "append to a stream")
				begin := time.Now()
				require.NoError(t, r.wait(t.Context(), jetstream.ErrStreamNotFound))
				if row.then != nil {
					row.then(t, r)
				}
				time.Sleep(time.Until(begin.Add(row.after)))
				err := r.wait(t.Context(), jetstream.ErrStreamNotFound)
				assert.Equal(t, row.deleted, err != nil, "%v", err)
			})
		})
	}
}

// The waits grow from about 50 milliseconds to about two seconds.
func TestRetryWaitsLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRetry(notClosed{}, "append to a stream")
		waited := func() time.Duration {
			begin := time.Now()
			require.NoError(t, r.wait(t.Context(), errors.New("no leader")))
			return time.Since(begin)
		}
		assert.InDelta(t, 50*time.Millisecond, waited(), float64(25*time.Millisecond))
		for range 20 {
			waited()
		}
		assert.InDelta(t, 2*time.Second, waited(), float64(time.Second))
		r.reset()
		assert.InDelta(t, 50*time.Millisecond, waited(), float64(25*time.Millisecond))
	})
}

// When the context ends during a wait, there is no further attempt.
func TestRetryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := errors.New("stopped")
		ctx, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Millisecond, func() { stop(stopped) })
		begin := time.Now()
		require.Equal(t, stopped, newRetry(notClosed{}, "append to a stream").wait(ctx, errors.New("no leader")))
		assert.Equal(t, time.Millisecond, time.Since(begin))
	})
}
