package source_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/rxssetest"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestContractOfSessionObserve(t *testing.T) {
	// Each subscription gets its own session, in the bubble of its case. Its context
	// is not that of the range.
	session := func(script func(*ssetest.Conn), opts ...source.Option) func() rxsse.Observable[codec.Event] {
		return func() rxsse.Observable[codec.Event] {
			return func(ctx context.Context) iter.Seq2[codec.Event, error] {
				return func(yield func(codec.Event, error) bool) {
					server := ssetest.NewMemoryServer(script)
					defer server.Close()
					client := source.NewClient(source.WithHTTPClient(server.Client()))
					s, err := client.Open(context.Background(), server.URL(), opts...) //nolint:contextcheck // not that of the range
					if err != nil {
						panic(err)
					}
					s.Observe()(ctx)(yield)
				}
			}
		}
	}
	finite := numbered(5)
	rxssetest.Source[codec.Event]{
		Finite:  session(ssetest.Replay(finite, 1, 3)),
		Want:    finite,
		Endless: session(func(c *ssetest.Conn) { c.Send(numbered(1000)...); c.Hold() }),
		Silent:  session(func(c *ssetest.Conn) { c.Hold() }),
	}.Check(t)
	t.Run("waits between attempts", rxssetest.Source[codec.Event]{
		Silent: session(func(c *ssetest.Conn) { c.Open(); c.Drop() }, source.WithReconnectionTime(24*time.Hour)),
	}.Check)
}

// A range ends the session; a later one reports that.
func TestSessionObserveEndsTheSession(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Send(numbered(3)...); c.Hold() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		session, err := client.Open(t.Context(), server.URL())
		require.NoError(t, err)
		events, err := sink.Collect(t.Context(), operators.Take(session.Observe(), 2))
		require.NoError(t, err)
		assert.Equal(t, numbered(2), events)
		assertLeft(t, server)
		_, err = sink.Collect(t.Context(), session.Observe())
		require.ErrorIs(t, err, source.ErrClosed)
	})
}

// An operator that abandons a silent session does not wait for the session's next event.
func TestSessionObserveIsInterrupted(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Hold() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		session, err := client.Open(t.Context(), server.URL())
		require.NoError(t, err)
		start := time.Now()
		_, err = sink.Collect(t.Context(), operators.Timeout(session.Observe(), time.Minute))
		require.Error(t, err)
		assert.Equal(t, time.Minute, time.Since(start))
		assertLeft(t, server)
	})
}

// The context of the range and that of the session end it, each with its cause.
func TestSessionObserveEndsWithTheCause(t *testing.T) {
	for _, which := range []string{"range", "session"} {
		t.Run(which, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) { c.Hold() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				of := map[string]context.Context{"range": t.Context(), "session": t.Context()}
				of[which] = ctx
				session, err := client.Open(of["session"], server.URL())
				require.NoError(t, err)
				cause := errors.New("no longer needed")
				time.AfterFunc(time.Second, func() { cancel(cause) })
				_, err = sink.Collect(of["range"], session.Observe())
				require.ErrorIs(t, err, cause)
			})
		})
	}
}
