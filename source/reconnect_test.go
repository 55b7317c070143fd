package source_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// Fifty connections break in the middle of an event, in pieces of every size: every event
// is delivered once and in order.
func TestEveryEventOnceThoughConnectionsBreak(t *testing.T) {
	events := numbered(1000)
	var drops []int
	for i := range 50 {
		drops = append(drops, i*20)
	}
	for _, chunk := range []int{0, 1, 7, 1000} {
		t.Run(fmt.Sprintf("pieces of %d", chunk), func(t *testing.T) {
			replay := ssetest.Replay(events, drops...)
			within(t, func(c *ssetest.Conn) {
				c.Chunk(chunk)
				replay(c)
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				got, err := sink.Collect(t.Context(), client.Observe(server.URL()))
				require.NoError(t, err)
				assert.Equal(t, events, got)
				assert.Len(t, server.Requests(), 52, "fifty that broke, one that did not, and the 204")
			})
		})
	}
}

func TestEveryEventOnceOverLoopback(t *testing.T) {
	events := numbered(300)
	server := ssetest.NewServer(ssetest.Replay(events, 0, 1, 150, 299))
	defer server.Close()
	client := source.NewClient(source.WithHTTPClient(server.Client()), source.WithReconnectionTime(0))
	got, err := sink.Collect(t.Context(), client.Observe(server.URL()))
	require.NoError(t, err)
	assert.Equal(t, events, got)
}

// waits returns how long the client waited before each request but the first.
func waits(requests []ssetest.Request) []time.Duration {
	var all []time.Duration
	for i := 1; i < len(requests); i++ {
		all = append(all, requests[i].Time.Sub(requests[i-1].Time))
	}
	return all
}

func TestReconnectionTime(t *testing.T) {
	for name, c := range map[string]struct {
		opts []source.Option
		raw  string
		want time.Duration
	}{
		"default":                  {nil, "", 3 * time.Second},
		"option":                   {[]source.Option{source.WithReconnectionTime(time.Minute)}, "", time.Minute},
		"server":                   {nil, "retry: 1500\n", 1500 * time.Millisecond},
		"server over option":       {[]source.Option{source.WithReconnectionTime(time.Minute)}, "retry: 20000\n", 20 * time.Second},
		"server, not a number":     {nil, "retry: 1500x\n", 3 * time.Second},
		"server, in an open block": {nil, "data: unfinished\nretry: 1500\n", 1500 * time.Millisecond},
		"zero is not no pause":     {nil, "retry: 0\n", 100 * time.Millisecond},
		"option of zero":           {[]source.Option{source.WithReconnectionTime(0)}, "", 100 * time.Millisecond},
		"ten to the thirtieth":     {nil, "retry: 1000000000000000000000000000000\n", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > 4 {
					conn.Answer(http.StatusNoContent, "")
				}
				conn.Send(codec.Event{Data: "healthy"})
				if conn.N == 1 {
					conn.Raw(c.raw)
				}
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), c.opts...))
				require.NoError(t, err)
				assert.Equal(t, []time.Duration{c.want, c.want, c.want, c.want}, waits(server.Requests()))
			})
		})
	}
}

func TestWhichAnswersAreFinal(t *testing.T) {
	const stream = "text/event-stream"
	for _, c := range []struct {
		status      int
		contentType string
		want        string // "stream", "complete", "retry", or part of the final error
	}{
		{200, stream, "stream"},
		{200, "Text/Event-Stream; charset=utf-8", "stream"},
		{200, "text/event-stream;", "stream"},
		{200, "text/event-stream; charset=windows-1252", "stream"},
		{200, "text/html", `unexpected content type "text/html", want "text/event-stream"`},
		{200, "application/json", `unexpected content type "application/json"`},
		{200, "text/event-streams", "unexpected content type"},
		{200, "text/event stream", "unexpected content type"},
		{204, stream, "complete"},
		{201, stream, "status 201 Created"},
		{205, stream, "status 205"},
		{304, stream, "status 304"},
		{400, stream, "status 400 Bad Request"},
		{401, "text/plain", "status 401 Unauthorized"},
		{404, "text/plain", `status 404 Not Found: "the body"`},
		{408, "text/plain", "retry"},
		{410, stream, "status 410 Gone"},
		{425, "text/plain", "retry"},
		{429, "text/plain", "retry"},
		{500, "text/plain", "retry"},
		{501, "text/plain", "status 501"},
		{502, "text/html", "retry"},
		{503, stream, "retry"},
		{504, stream, "retry"},
		{505, "text/plain", "status 505"},
		{520, "text/plain", "retry"},
	} {
		t.Run(fmt.Sprintf("%d %s", c.status, c.contentType), func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > 1 {
					conn.Answer(http.StatusNoContent, "")
				}
				conn.Header().Set("Content-Type", c.contentType)
				conn.Header().Set("X-Reason", "test")
				if c.want == "stream" {
					conn.Send(codec.Event{Data: "event"})
					return
				}
				conn.Answer(c.status, "the body")
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				events, err := sink.Collect(t.Context(), client.Observe(server.URL()+"/path?key=secret"))
				switch c.want {
				case "stream", "retry":
					require.NoError(t, err)
					assert.Len(t, server.Requests(), 2)
					assert.Equal(t, c.want == "stream", len(events) == 1)
				case "complete":
					require.NoError(t, err)
					assert.Len(t, server.Requests(), 1)
				default:
					var failure *source.Error
					require.ErrorAs(t, err, &failure)
					assert.ErrorContains(t, err, c.want)
					assert.ErrorContains(t, err, "source: GET "+server.URL()+"/path?key=…: ")
					assert.NotContains(t, err.Error(), "secret")
					assert.Equal(t, c.status, failure.StatusCode)
					assert.Equal(t, "test", failure.Header.Get("X-Reason"))
					assert.Equal(t, c.status != 200, errors.Is(err, source.ErrStatus))
					assert.Equal(t, c.status == 200, errors.Is(err, source.ErrContentType))
					assert.Len(t, server.Requests(), 1, "it is final")
				}
			})
		})
	}
}

func TestNoContentEndsAStreamThatHasReconnected(t *testing.T) {
	within(t, ssetest.Replay(numbered(3)), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL()))
		require.NoError(t, err)
		assert.Len(t, events, 3)
		assert.Equal(t, "3", server.Requests()[1].LastEventID)
	})
}

func TestWithMaxAttempts(t *testing.T) {
	drop := func(c *ssetest.Conn) { c.Drop() }
	healthyThen := func(rest func(*ssetest.Conn)) func(*ssetest.Conn) {
		return func(c *ssetest.Conn) {
			if c.N == 1 {
				c.Send(numbered(1)...)
			}
			rest(c)
		}
	}
	for name, c := range map[string]struct {
		limit    int // 0: WithReconnect(ReconnectNever)
		script   func(*ssetest.Conn)
		requests int
		err      error // nil: completes
	}{
		"once: a first attempt that fails":    {0, drop, 1, io.ErrUnexpectedEOF},
		"once: no answer":                     {0, func(*ssetest.Conn) { panic(http.ErrAbortHandler) }, 1, io.ErrUnexpectedEOF},
		"once: a connection that breaks":      {0, healthyThen(drop), 1, io.ErrUnexpectedEOF},
		"once: a clean end":                   {0, healthyThen(func(*ssetest.Conn) {}), 1, nil},
		"once: a clean end without an event":  {0, func(*ssetest.Conn) {}, 1, nil},
		"once: a status to try again":         {0, func(c *ssetest.Conn) { c.Answer(503, "") }, 1, source.ErrStatus},
		"1: a first attempt that fails":       {1, drop, 1, io.ErrUnexpectedEOF},
		"1: after a healthy connection":       {1, healthyThen(func(c *ssetest.Conn) { c.Drop() }), 2, io.ErrUnexpectedEOF},
		"5: attempts that fail":               {5, drop, 5, io.ErrUnexpectedEOF},
		"5: counted from zero after an event": {5, healthyThen(drop), 6, io.ErrUnexpectedEOF},
		"5: responses without an event count": {5, func(*ssetest.Conn) {}, 5, source.ErrEndedEarly},
		"5: statuses count":                   {5, func(c *ssetest.Conn) { c.Answer(503, "") }, 5, source.ErrStatus},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, c.script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				limit := source.WithReconnect(source.ReconnectNever)
				if c.limit > 0 {
					limit = source.WithMaxAttempts(c.limit)
				}
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), limit))
				assert.Len(t, server.Requests(), c.requests)
				if c.err == nil {
					assert.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, c.err)
				var failure *source.Error
				require.ErrorAs(t, err, &failure)
				if c.limit > 1 {
					assert.Equal(t, c.limit, failure.Attempts)
					assert.ErrorContains(t, err, "("+strconv.Itoa(c.limit)+" attempts)")
				}
			})
		})
	}
}

func TestUnknownHost(t *testing.T) {
	_, err := sink.Collect(t.Context(), source.SSE("http://rxsse.invalid/?key=secret", source.WithReconnect(source.ReconnectNever)))
	var failure *source.Error
	require.ErrorAs(t, err, &failure)
	assert.ErrorContains(t, err, "source: GET http://rxsse.invalid/?key=…: ")
	assert.NotContains(t, err.Error(), "secret")
}

func TestTrace(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Send(codec.Event{Data: "one"})
			c.Drop()
		case 2:
			c.Answer(http.StatusServiceUnavailable, "")
		case 3:
			c.Send(codec.Event{Data: "two"})
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var got []string
		note := func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }
		trace := &source.Trace{
			Connecting: func(a source.Attempt) { note("connecting %d", a.Number) },
			Open:       func(_ source.Attempt, resp *http.Response) { note("open %d", resp.StatusCode) },
			Disconnected: func(_ source.Attempt, err error) {
				note("disconnected %t %t", errors.Is(err, io.EOF), errors.Is(err, source.ErrStatus))
			},
			Waiting: func(_ source.Attempt, d time.Duration) { note("waiting %v", d) },
		}
		for e, err := range client.Observe(server.URL(), source.WithTrace(trace))(t.Context()) {
			require.NoError(t, err)
			note("event %s", e.Data)
		}
		assert.Equal(t, []string{
			"connecting 1", "open 200", "event one", "disconnected false false", "waiting 3s",
			"connecting 1", "disconnected false true", "waiting 3s",
			"connecting 2", "open 200", "event two", "disconnected true false", "waiting 3s",
			"connecting 1",
		}, got)
	})
}

// The cause of a cancellation is the stream's error in every phase, at once.
func TestCancellation(t *testing.T) {
	for name, script := range map[string]func(*ssetest.Conn){
		"while connecting":                 func(c *ssetest.Conn) { <-c.Gone() },
		"while reading":                    func(c *ssetest.Conn) { c.Hold() },
		"while reading the middle of line": func(c *ssetest.Conn) { c.Raw("data: unfini"); c.Hold() },
		"while waiting":                    func(c *ssetest.Conn) { c.Send(numbered(1)...) },
	} {
		t.Run(name, func(t *testing.T) {
			within(t, script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				const after = 1234 * time.Millisecond
				ctx, cancel := context.WithTimeoutCause(t.Context(), after, errGone)
				defer cancel()
				start := time.Now()
				_, err := sink.Collect(ctx, client.Observe(server.URL()))
				assert.Equal(t, errGone, err)
				assert.Equal(t, after, time.Since(start))
				assertLeft(t, server, "the server sees the client leave")
			})
		})
	}
}

// A slow consumer slows the server down; the client does not read ahead without bound.
func TestSlowConsumerHoldsTheServerUp(t *testing.T) {
	sent := 0
	within(t, func(c *ssetest.Conn) {
		for {
			c.Send(codec.Event{Data: "0123456789"})
			sent++
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		for _, err := range client.Observe(server.URL())(t.Context()) {
			require.NoError(t, err)
			synctest.Wait() // until the server waits
			break
		}
		assert.Less(t, sent, 20_000)
	})
}

func TestRedirectDoesNotCarryCredentialsToAnotherHost(t *testing.T) {
	target := ssetest.NewServer(func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") })
	defer target.Close()
	first := ssetest.NewServer(func(c *ssetest.Conn) {
		c.Header().Set("Location", strings.Replace(target.URL(), "127.0.0.1", "localhost", 1)+"/moved")
		c.Answer(http.StatusTemporaryRedirect, "")
	})
	defer first.Close()
	_, err := sink.Collect(t.Context(), source.SSE(first.URL(),
		source.WithHeader("Authorization", "Bearer secret"), source.WithHeader("Cookie", "session=secret"), source.WithLastEventID("7")))
	http.DefaultClient.CloseIdleConnections()
	require.NoError(t, err)
	require.Len(t, target.Requests(), 1)
	moved := target.Requests()[0]
	assert.Equal(t, "/moved", moved.URL)
	assert.NotContains(t, moved.Header, "Authorization")
	assert.NotContains(t, moved.Header, "Cookie")
	assert.Equal(t, "text/event-stream", moved.Header.Get("Accept"))
	assert.Equal(t, "7", moved.LastEventID)
}
