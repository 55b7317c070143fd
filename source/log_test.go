package source_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// lines returns a logger at a level and what it has written, without the times.
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
	const busy = ` error="source: GET http://ssetest.test/path?token=…&topic=prices: status 503 Service Unavailable: \"busy\""`
	const no = ` error="source: GET http://other.example/?code=…: status 403 Forbidden: \"no\" (2 attempts)"`
	for level, want := range map[slog.Level][]string{
		slog.LevelDebug: {
			`level=DEBUG msg="source: connecting"` + of + ` attempt=1`,
			`level=DEBUG msg="source: open"` + of + ` status=200 protocol=HTTP/1.1`,
			`level=DEBUG msg="source: the server ended the response"` + of,
			`level=DEBUG msg="source: waiting to connect again"` + of + ` duration=3s`,
			`level=DEBUG msg="source: connecting"` + of + ` attempt=1`,
			`level=WARN msg="source: disconnected"` + of + busy,
			`level=DEBUG msg="source: waiting to connect again"` + of + ` duration=3s`,
			`level=DEBUG msg="source: connecting"` + of + ` attempt=2`,
			`level=WARN msg="source: failed"` + of + no,
		},
		slog.LevelWarn: {
			`level=WARN msg="source: disconnected"` + of + busy,
			`level=WARN msg="source: failed"` + of + no,
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
