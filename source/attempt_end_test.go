package source_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// ends returns a trace that records how each attempt ended.
func ends(to *[]source.AttemptEnd) *source.Trace {
	return &source.Trace{StartAttempt: func(ctx context.Context, _ source.Attempt) (context.Context, func(source.AttemptEnd)) {
		return ctx, func(end source.AttemptEnd) { *to = append(*to, end) }
	}}
}

// Each attempt is reported once when it has ended, for any reason.
func TestOutcomes(t *testing.T) {
	unreachable := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errGone })
	hold := func(c *ssetest.Conn) { c.Send(numbered(1)...); c.Hold() }
	for name, c := range map[string]struct {
		script func(*ssetest.Conn)
		opts   []source.Option
		leave  bool
		panics bool
		want   source.Outcome
		reason error
		status int
		events int64
	}{
		"clean end":       {script: ssetest.Replay(numbered(1)), want: source.OutcomeEnded, status: 200, events: 1},
		"no content":      {script: func(c *ssetest.Conn) { c.Answer(204, "") }, want: source.OutcomeNoContent, status: 204},
		"refused":         {script: func(c *ssetest.Conn) { c.Answer(503, "busy") }, want: source.OutcomeRefused, reason: source.ErrStatus, status: 503},
		"wrong type":      {script: func(c *ssetest.Conn) { c.Answer(200, "hello") }, want: source.OutcomeRefused, reason: source.ErrContentType, status: 200},
		"no answer":       {opts: []source.Option{source.WithHTTPClient(&http.Client{Transport: unreachable})}, want: source.OutcomeConnectFailed, reason: errGone},
		"not prepared":    {script: hold, opts: []source.Option{source.WithPrepare(func(*http.Request) error { return errGone })}, want: source.OutcomeConnectFailed, reason: errGone},
		"broken":          {script: func(c *ssetest.Conn) { c.Send(numbered(1)...); c.Drop() }, want: source.OutcomeBroken, status: 200, events: 1},
		"too large":       {script: func(c *ssetest.Conn) { c.Send(numbered(1)...) }, opts: []source.Option{source.WithMaxEventSize(3)}, want: source.OutcomeBroken, status: 200},
		"connect timeout": {script: func(c *ssetest.Conn) { c.Sleep(time.Hour) }, opts: []source.Option{source.WithConnectTimeout(time.Second)}, want: source.OutcomeTimedOut, reason: source.ErrConnectTimeout},
		"idle timeout":    {script: hold, opts: []source.Option{source.WithIdleTimeout(time.Second)}, want: source.OutcomeTimedOut, reason: source.ErrIdleTimeout, status: 200, events: 1},
		"cancelled":       {script: hold, want: source.OutcomeCancelled, reason: errGone, status: 200, events: 1},
		"left":            {script: hold, leave: true, want: source.OutcomeClosed, status: 200, events: 1},
		"consumer panics": {script: hold, panics: true, want: source.OutcomeClosed, status: 200, events: 1},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, c.script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Minute, func() { cancel(errGone) })
				defer cancel(nil)
				var got []source.AttemptEnd
				var meter source.Meter
				opts := append([]source.Option{source.WithTrace(ends(&got)), source.WithMeter(&meter), source.WithReconnect(source.ReconnectNever)}, c.opts...)
				func() {
					defer func() { assert.Equal(t, c.panics, recover() != nil) }()
					for _, err := range client.Observe(server.URL(), opts...)(ctx) {
						if err == nil && c.panics {
							panic("consumer")
						}
						if err == nil && c.leave {
							break
						}
					}
				}()
				require.Len(t, got, 1)
				assert.Equal(t, c.want, got[0].Outcome)
				assert.Equal(t, c.status, got[0].StatusCode)
				assert.Equal(t, c.events, got[0].Events)
				if c.events > 0 {
					assert.Positive(t, got[0].Bytes)
					assert.Equal(t, "1", got[0].LastEventID)
				}
				if c.reason != nil {
					require.ErrorIs(t, got[0].Err, c.reason)
				} else {
					fails := c.want == source.OutcomeConnectFailed || c.want == source.OutcomeBroken
					assert.Equal(t, fails, got[0].Err != nil, "%v", got[0].Err)
				}
				assert.Equal(t, map[source.Outcome]int64{c.want: 1}, meter.Stats().Outcomes)
				assert.Zero(t, meter.Stats().Connections)
				assert.Zero(t, meter.Stats().Streams)
			})
		})
	}
}

// The attempts of a session are reported too: one that Reconnect drops, and the last one
// when it is closed.
func TestOutcomesOfASession(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(2)[c.N-1])
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var got []source.AttemptEnd
		var meter source.Meter
		session, err := client.Open(t.Context(), server.URL(), source.WithTrace(ends(&got)), source.WithMeter(&meter))
		require.NoError(t, err)
		assert.Equal(t, "event 1", take(t, session, 1))
		session.Reconnect()
		assert.Equal(t, "event 2", take(t, session, 1))
		assert.Equal(t, 1, meter.Stats().Streams)
		assert.Equal(t, 1, meter.Stats().Connections)
		require.NoError(t, session.Close())
		require.NoError(t, session.Close())
		assert.Zero(t, meter.Stats().Streams)
		require.Len(t, got, 2)
		assert.Equal(t, source.AttemptEnd{Outcome: source.OutcomeRequested, Err: source.ErrReconnectRequested, StatusCode: 200, Events: 1, Bytes: got[0].Bytes, LastEventID: "1"}, got[0])
		assert.Equal(t, source.AttemptEnd{Outcome: source.OutcomeClosed, StatusCode: 200, Events: 1, Bytes: got[1].Bytes, LastEventID: "2"}, got[1])
	})
}

// A session that is closed while another goroutine waits for an event ends as its caller
// wants, so that is no error.
func TestOutcomeOfASessionThatIsClosedMeanwhile(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Open(); c.Hold() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var got []source.AttemptEnd
		session, err := client.Open(t.Context(), server.URL(), source.WithTrace(ends(&got)))
		require.NoError(t, err)
		var reader sync.WaitGroup
		reader.Go(func() { _, _ = rest(session) })
		synctest.Wait()
		require.NoError(t, session.Close())
		reader.Wait()
		assert.Equal(t, []source.AttemptEnd{{Outcome: source.OutcomeClosed, StatusCode: 200}}, got)
	})
}

// StartAttempt gets the stream's context and gives the request its own; the traces of
// client and stream are both called.
func TestStartAttempt(t *testing.T) {
	type key string
	var log []string
	trace := func(name string) *source.Trace {
		return &source.Trace{
			StartAttempt: func(ctx context.Context, a source.Attempt) (context.Context, func(source.AttemptEnd)) {
				log = append(log, fmt.Sprint(name, " starts ", a.Number, a.Connects, a.LastEventID, " in ", ctx.Value(key("caller"))))
				return context.WithValue(ctx, key(name), name), func(source.AttemptEnd) { log = append(log, name+" ends") }
			},
			Connecting:   func(source.Attempt) { log = append(log, name+" connecting") },
			Disconnected: func(source.Attempt, error) { log = append(log, name+" disconnected") },
		}
	}
	within(t, func(c *ssetest.Conn) {
		if c.N > 1 {
			c.Answer(http.StatusNoContent, "")
		}
		c.Send(codec.Event{ID: "7", Data: "x"})
	}, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
		nothing := &source.Trace{StartAttempt: func(context.Context, source.Attempt) (context.Context, func(source.AttemptEnd)) { return nil, nil }} //nolint:nilnil // what it may return
		client := source.NewClient(source.WithHTTPClient(server.Client()), exactly, source.WithTrace(trace("client")), source.WithTrace(nothing),
			source.WithPrepare(func(req *http.Request) error {
				log = append(log, fmt.Sprint("request of ", req.Context().Value(key("client")), req.Context().Value(key("stream"))))
				return nil
			}))
		stream := trace("stream")
		ctx := context.WithValue(t.Context(), key("caller"), "caller")
		again := source.WithTrace(stream) // has no effect
		for _, err := range client.Observe(server.URL(), source.WithTrace(stream), again)(ctx) {
			require.NoError(t, err)
		}
		assert.Equal(t, []string{
			"client starts 1 0 in caller", "stream starts 1 0 in caller", "client connecting", "stream connecting", "request of clientstream",
			"client ends", "stream ends", "client disconnected", "stream disconnected",
			"client starts 1 17 in caller", "stream starts 1 17 in caller", "client connecting", "stream connecting", "request of clientstream",
			"client ends", "stream ends",
		}, log)
	})
}

// Closing a session after its context was cancelled reports the cancellation and its cause.
func TestOutcomeOfACancelledSession(t *testing.T) {
	errGone := errors.New("gone")
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(1)...)
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var got []source.AttemptEnd
		ctx, cancel := context.WithCancelCause(t.Context())
		session, err := client.Open(ctx, server.URL(), source.WithTrace(ends(&got)))
		require.NoError(t, err)
		assert.Equal(t, "event 1", take(t, session, 1))
		cancel(errGone)
		require.NoError(t, session.Close())
		require.Len(t, got, 1)
		assert.Equal(t, source.OutcomeCancelled, got[0].Outcome)
		assert.Equal(t, errGone, got[0].Err)
	})
}

// Closing a session again counts nothing.
func TestCloseOfASessionCountsOnce(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(1)...)
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var meter source.Meter
		session, err := client.Open(t.Context(), server.URL(), source.WithMeter(&meter))
		require.NoError(t, err)
		assert.EqualValues(t, 1, meter.Stats().Streams)
		for range 2 {
			require.NoError(t, session.Close())
			stats := meter.Stats()
			assert.Zero(t, stats.Streams)
			assert.Zero(t, stats.Connections)
			assert.Equal(t, map[source.Outcome]int64{source.OutcomeClosed: 1}, stats.Outcomes)
		}
	})
}

// MaxLag is the longest time that the consumer spent on the data of one read. The time that
// the stream waits for the server does not count.
func TestMaxLag(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N > 1 {
			c.Answer(http.StatusNoContent, "")
		}
		for _, e := range numbered(3) {
			c.Send(e)
			time.Sleep(10 * time.Second)
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var got []source.AttemptEnd
		work := []time.Duration{time.Second, 3 * time.Second, 2 * time.Second}
		for e, err := range client.Observe(server.URL(), source.WithTrace(ends(&got)))(t.Context()) {
			require.NoError(t, err)
			require.NotEmpty(t, work, e)
			time.Sleep(work[0])
			work = work[1:]
		}
		require.Len(t, got, 2)
		assert.EqualValues(t, 3, got[0].Events)
		assert.Equal(t, 3*time.Second, got[0].MaxLag)
		assert.Zero(t, got[1].MaxLag, "no bytes")
	})
}

// What an AttemptEnd reports shows no secrets.
func TestAttemptEndShowsNoSecrets(t *testing.T) {
	var got []source.AttemptEnd
	fail := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("dial http://user:secret@host.example/?key=secret: refused")
	})
	for range source.SSE("http://host.example/", source.WithHTTPClient(&http.Client{Transport: fail}), source.WithMaxAttempts(1), source.WithTrace(ends(&got)))(t.Context()) {
	}
	require.Len(t, got, 1)
	assert.EqualError(t, got[0].Err, "dial http://host.example/?key=…: refused")
}
