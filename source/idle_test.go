package source_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestWithIdleTimeout(t *testing.T) {
	const timeout = time.Minute
	for name, c := range map[string]struct {
		script func(*ssetest.Conn)
		want   []time.Duration // between the requests; the last is answered 204
	}{
		"silence after an event": {func(c *ssetest.Conn) { c.Send(codec.Event{Data: "event"}); c.Hold() }, []time.Duration{timeout + 3*time.Second}},
		"silence from the start": {func(c *ssetest.Conn) { c.Hold() }, []time.Duration{timeout + 3*time.Second}},
		"silence in a line":      {func(c *ssetest.Conn) { c.Raw("data: unfini"); c.Hold() }, []time.Duration{timeout + 3*time.Second}},
		"heartbeats": {func(c *ssetest.Conn) {
			for range 10 {
				c.Sleep(timeout - 1)
				c.Comment("")
			}
			c.Hold()
		}, []time.Duration{11*timeout - 10 + 3*time.Second}},
		"a byte a second": {func(c *ssetest.Conn) {
			for _, b := range []byte("data: slow, but there\n\n") {
				c.Raw(string(b))
				c.Sleep(time.Second)
			}
		}, []time.Duration{23*time.Second + 3*time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > 1 {
					conn.Answer(http.StatusNoContent, "")
				}
				c.script(conn)
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithIdleTimeout(timeout)))
				require.NoError(t, err)
				assert.Equal(t, c.want, waits(server.Requests()))
				assertLeft(t, server, "the silent connection is closed")
			})
		})
	}
}

func TestIdleTimeoutIsTheReason(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Hold() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithIdleTimeout(time.Second), source.WithReconnect(source.ReconnectNever)))
		require.ErrorIs(t, err, source.ErrIdleTimeout)
		assert.EqualError(t, err, "source: GET http://ssetest.test: no data within the idle timeout of 1s")
	})
}

// The idle timeout also covers the wait for an answer, but not to a POST: that may take the
// server a while.
func TestIdleTimeoutOfAnAnswer(t *testing.T) {
	for method, want := range map[string]error{http.MethodGet: source.ErrIdleTimeout, http.MethodPost: context.DeadlineExceeded} {
		t.Run(method, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) { <-c.Gone() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				req, err := http.NewRequestWithContext(ctx, method, server.URL(), http.NoBody)
				require.NoError(t, err)
				_, err = sink.Collect(ctx, client.ObserveRequest(req, source.WithIdleTimeout(time.Second), source.WithMaxAttempts(1)))
				assert.ErrorIs(t, err, want)
			})
		})
	}
}

// A slow consumer is not a silent server.
func TestSlowConsumerIsNotIdle(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(1)...)
		c.Sleep(time.Millisecond)
		c.Send(numbered(2)[1])
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		session, err := client.Open(t.Context(), server.URL(), source.WithIdleTimeout(time.Second), source.WithReconnect(source.ReconnectNever))
		require.NoError(t, err)
		defer session.Close()
		time.Sleep(time.Minute)
		assert.Equal(t, "event 1", take(t, session, 1))
		time.Sleep(time.Minute)
		events, err := rest(session)
		require.NoError(t, err)
		assert.Equal(t, "event 2", events)
	})
}

func TestWithConnectTimeout(t *testing.T) {
	never := func(c *ssetest.Conn) { <-c.Gone() }
	within(t, never, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		start := time.Now()
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithConnectTimeout(10*time.Second), source.WithMaxAttempts(2)))
		require.ErrorIs(t, err, source.ErrConnectTimeout)
		assert.EqualError(t, err, "source: GET http://ssetest.test: no answer within the connect timeout of 10s (2 attempts)")
		assert.Equal(t, 23*time.Second, time.Since(start), "two attempts and the reconnection time")
		assertLeft(t, server)
	})
	t.Run("not once the header has come", func(t *testing.T) {
		within(t, func(c *ssetest.Conn) {
			c.Open()
			c.Sleep(time.Hour)
			c.Send(numbered(1)...)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithConnectTimeout(time.Second), source.WithReconnect(source.ReconnectNever)))
			require.NoError(t, err)
			assert.Equal(t, "event 1", data(events))
		})
	})
	t.Run("preparing counts", func(t *testing.T) {
		within(t, never, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			_, err := client.Open(t.Context(), server.URL(), source.WithConnectTimeout(time.Second), source.WithPrepare(func(req *http.Request) error {
				<-req.Context().Done()
				return req.Context().Err()
			}))
			require.ErrorIs(t, err, source.ErrConnectTimeout)
			assert.Empty(t, server.Requests())
		})
	})
}
