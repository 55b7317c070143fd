package source_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// lines returns a logger at a level, and a function that returns its output without the
// times.
func lines(level slog.Level) (*slog.Logger, func() []string) {
	var buf bytes.Buffer
	log := slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	return log, func() []string { return strings.Split(strings.TrimSpace(buf.String()), "\n") }
}

func TestWithLogger(t *testing.T) {
	script := func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Send(codec.Event{Data: "secret"})
		case 2:
			c.Header().Set("Set-Cookie", "session=secret")
			c.Answer(http.StatusServiceUnavailable, "busy")
		case 3:
			c.Header().Set("Location", "http://user:secret@other.example/?code=secret")
			c.Answer(http.StatusFound, "")
		default:
			c.Answer(http.StatusForbidden, "no")
		}
	}
	const of = ` method=GET url="http://ssetest.test/path?token=…&topic=prices"`
	const busy = ` error="status 503 Service Unavailable: \"busy\"" status=503 retry_in=3s`
	const no = ` error="status 403 Forbidden: \"no\" (2 attempts)" status=403 request_url="http://other.example/?code=…"`
	for level, want := range map[slog.Level][]string{
		slog.LevelDebug: {
			`level=DEBUG msg="source: connecting"` + of + ` attempt=1`,
			`level=DEBUG msg="source: connected"` + of + ` status=200 protocol=HTTP/1.1`,
			`level=DEBUG msg="source: the server ended the response"` + of,
			`level=DEBUG msg="source: waiting to connect again"` + of + ` wait=3s`,
			`level=DEBUG msg="source: connecting"` + of + ` attempt=1`,
			`level=WARN msg="source: cannot connect"` + of + busy,
			`level=DEBUG msg="source: waiting to connect again"` + of + ` wait=3s`,
			`level=DEBUG msg="source: connecting"` + of + ` attempt=2`,
			`level=DEBUG msg="source: failed"` + of + no,
		},
		slog.LevelInfo: {
			`level=WARN msg="source: cannot connect"` + of + busy,
		},
	} {
		t.Run(level.String(), func(t *testing.T) {
			within(t, script, func(t *testing.T, _ *ssetest.Server, client *source.Client) {
				log, written := lines(level)
				_, err := sink.Collect(t.Context(), client.Observe(
					"http://user:secret@ssetest.test/path?token=secret&topic=prices#secret",
					source.WithLogger(log), source.WithVisibleQuery("topic"),
					source.WithHeader("Authorization", "Bearer secret"), source.WithHeader("Cookie", "session=secret")))
				require.ErrorIs(t, err, source.ErrStatus)
				assert.Equal(t, want, written())
			})
		})
	}
}

func TestLogOfCompletion(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		log, written := lines(slog.LevelDebug)
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithLogger(log)))
		require.NoError(t, err)
		assert.Contains(t, written()[1], `msg="source: completed"`)
	})
}

// An outage is two lines, however long it lasts: one when it begins, one when it ends.
func TestLogOfAnOutage(t *testing.T) {
	const help = " help=https://github.com/rxsse/rxsse/blob/main/docs/troubleshooting.md#it-reconnects-all-the-time"
	for name, c := range map[string]struct {
		script func(*ssetest.Conn)
		want   []string
	}{
		"a connection that breaks": {func(c *ssetest.Conn) {
			switch {
			case c.N == 1:
				c.Send(codec.Event{ID: "812", Data: "x"})
				c.Drop()
			case c.N < 5:
				c.Answer(http.StatusBadGateway, "")
			case c.N == 5:
				c.Send(codec.Event{ID: "813", Data: "x"})
			default:
				c.Answer(http.StatusNoContent, "")
			}
		}, []string{
			`level=WARN msg="source: disconnected" method=GET url=http://ssetest.test error="unexpected EOF (after event \"812\")" retry_in=3s`,
			`level=INFO msg="source: reconnected after 24s, 4 attempts, from id 812" method=GET url=http://ssetest.test`,
		}},
		"a server that is not there": {func(c *ssetest.Conn) {
			if c.N < 3 {
				c.Answer(http.StatusBadGateway, "")
			}
			if c.N == 3 {
				c.Open()
				c.Drop()
			}
			c.Answer(http.StatusNoContent, "")
		}, []string{
			`level=WARN msg="source: cannot connect" method=GET url=http://ssetest.test error="status 502 Bad Gateway" status=502 retry_in=3s`,
			`level=INFO msg="source: connected after 9s, 3 attempts, without an id" method=GET url=http://ssetest.test`,
			`level=WARN msg="source: disconnected" method=GET url=http://ssetest.test error="unexpected EOF (3 attempts)" retry_in=12s`,
		}},
		"one attempt": {func(c *ssetest.Conn) {
			switch c.N {
			case 1:
				c.Send(codec.Event{ID: "1", Data: "x"})
				c.Drop()
			case 2:
				c.Send(codec.Event{ID: "2", Data: "x"})
			default:
				c.Answer(http.StatusNoContent, "")
			}
		}, []string{
			`level=WARN msg="source: disconnected" method=GET url=http://ssetest.test error="unexpected EOF (after event \"1\")" retry_in=3s`,
			`level=INFO msg="source: reconnected after 3s, 1 attempt, from id 1" method=GET url=http://ssetest.test`,
		}},
		"a server that ends each response at once": {func(c *ssetest.Conn) {
			switch {
			case c.N == 15, c.N == 19: // the count restarts; two more are not worth a warning
				c.Send(codec.Event{ID: "1", Data: "x"})
			case c.N > 21:
				c.Answer(http.StatusNoContent, "")
			}
			c.Open()
		}, []string{
			`level=WARN msg="source: the server accepts each request and ends the response early, 3 times in a row" method=GET url=http://ssetest.test` + help,
			`level=WARN msg="source: the server accepts each request and ends the response early, 6 times in a row" method=GET url=http://ssetest.test` + help,
			`level=WARN msg="source: the server accepts each request and ends the response early, 12 times in a row" method=GET url=http://ssetest.test` + help,
			`level=WARN msg="source: the server accepts each request and ends the response early, 3 times in a row" method=GET url=http://ssetest.test` + help,
		}},
		"a server that ends in order": {func(c *ssetest.Conn) {
			if c.N > 5 {
				c.Answer(http.StatusNoContent, "")
			}
			c.Send(codec.Event{ID: "1", Data: "x"})
		}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, c.script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				log, written := lines(slog.LevelInfo)
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithLogger(log)))
				require.NoError(t, err)
				assert.Equal(t, c.want, written())
			})
		})
	}
}

// A connection that is open and silent gets a hint, once, and only if nothing has ever
// arrived.
func TestLogOfSilence(t *testing.T) {
	for name, c := range map[string]struct {
		script func(*ssetest.Conn)
		hints  int
	}{
		"silent":                 {func(c *ssetest.Conn) { c.Hold() }, 1},
		"silent again and again": {func(c *ssetest.Conn) { c.Open(); c.Sleep(time.Minute) }, 1},
		"a heartbeat in time":    {func(c *ssetest.Conn) { c.Open(); c.Sleep(29 * time.Second); c.Comment(""); c.Hold() }, 0},
		"quiet after an event":   {func(c *ssetest.Conn) { c.Send(numbered(1)...); c.Hold() }, 0},
		"short connections":      {func(c *ssetest.Conn) { c.Open(); c.Sleep(20 * time.Second) }, 0},
		"refused":                {func(c *ssetest.Conn) { c.Answer(http.StatusBadGateway, "") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, c.script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				log, written := lines(slog.LevelInfo)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				_, err := sink.Collect(ctx, client.Observe(server.URL(), source.WithLogger(log)))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				hints := 0
				for _, line := range written() {
					if strings.Contains(line, "nothing has arrived for 30s") {
						hints++
						assert.Contains(t, line, "docs/troubleshooting.md#nothing-comes")
					}
				}
				assert.Equal(t, c.hints, hints, written())
			})
		})
	}
}

// While nobody reads from a session, silence is not the server's.
func TestNoHintWhileNobodyReads(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(1)...)
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		log, written := lines(slog.LevelInfo)
		session, err := client.Open(t.Context(), server.URL(), source.WithLogger(log))
		require.NoError(t, err)
		defer session.Close()
		time.Sleep(time.Hour)
		assert.Equal(t, "event 1", take(t, session, 1))
		assert.Equal(t, []string{""}, written())
	})
}

// An ID that cannot be sent is logged once.
func TestLogOfAnIDThatCannotBeSent(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N > 5 {
			c.Answer(http.StatusNoContent, "")
		}
		c.Raw("id: bell\a\ndata: x\n\n")
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		log, written := lines(slog.LevelInfo)
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithLogger(log)))
		require.NoError(t, err)
		assert.Equal(t, []string{`level=WARN msg="source: the last event ID cannot be sent in a header, so the server is not told where to resume" method=GET url=http://ssetest.test id="\"bell\\a\""`}, written())
	})
}

// Reconnect is no fault, so it is only logged at debug level.
func TestLogOfReconnect(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(2)[c.N-1])
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		log, written := lines(slog.LevelDebug)
		session, err := client.Open(t.Context(), server.URL(), source.WithLogger(log))
		require.NoError(t, err)
		defer session.Close()
		assert.Equal(t, "event 1", take(t, session, 1))
		session.Reconnect()
		assert.Equal(t, "event 2", take(t, session, 1))
		for _, line := range written() {
			assert.Contains(t, line, "level=DEBUG")
		}
		assert.Contains(t, written(), `level=DEBUG msg="source: reconnecting as requested" method=GET url=http://ssetest.test`)
	})
}

// A panickingHandler panics with the hint.
type panickingHandler struct{ slog.Handler }

func (panickingHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h panickingHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (panickingHandler) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "nothing has arrived") {
		panic("oops")
	}
	return nil
}

// A handler that panics with the hint does so on the goroutine that ranges.
func TestPanicWithTheHint(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Open(); c.Sleep(time.Minute) }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events := client.Observe(server.URL(), source.WithLogger(slog.New(panickingHandler{})))
		assert.PanicsWithValue(t, "oops", func() { _, _ = sink.Collect(t.Context(), events) })
	})
}
