package source_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A refused response is reported with the part of its body that arrives within half a
// second, up to a limit.
func TestBodyOfARefusal(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for name, c := range map[string]struct {
		script func(*ssetest.Conn)
		opts   []source.Option
		body   string
		within time.Duration
	}{
		"one byte":  {func(c *ssetest.Conn) { c.Answer(http.StatusNotFound, "x") }, nil, "x", 0},
		"complete":  {func(c *ssetest.Conn) { c.Answer(http.StatusNotFound, "no such topic") }, nil, "no such topic", 0},
		"kept open": {func(c *ssetest.Conn) { c.Header().Set("Content-Type", "text/html"); c.Raw("the begin"); c.Hold() }, nil, "the begin", 500 * time.Millisecond},
		"in two parts": {func(c *ssetest.Conn) {
			c.Header().Set("Content-Type", "text/html")
			c.Raw("a")
			c.Sleep(400 * time.Millisecond)
			c.Raw("b")
			c.Sleep(time.Second)
			c.Raw("c")
			c.Hold()
		}, nil, "ab", 500 * time.Millisecond},
		"never begins":   {func(c *ssetest.Conn) { c.Header().Set("Content-Type", "text/html"); c.Open(); c.Hold() }, nil, "", 500 * time.Millisecond},
		"breaks":         {func(c *ssetest.Conn) { c.Header().Set("Content-Type", "text/html"); c.Raw("the begin"); c.Drop() }, nil, "the begin", 0},
		"long":           {func(c *ssetest.Conn) { c.Answer(http.StatusNotFound, long) }, nil, long[:64<<10], 0},
		"a larger limit": {func(c *ssetest.Conn) { c.Answer(http.StatusNotFound, long) }, []source.Option{source.WithMaxErrorBody(1 << 20)}, long, 0},
		"in gzip": {func(c *ssetest.Conn) {
			c.Header().Set("Content-Encoding", "gzip")
			c.Answer(http.StatusNotFound, compressed(long+long))
		}, nil, long[:64<<10], 0},
		"in gzip, the beginning": {func(c *ssetest.Conn) {
			c.Header().Set("Content-Encoding", "gzip")
			c.Answer(http.StatusNotFound, compressed("no such topic"))
		}, []source.Option{source.WithMaxErrorBody(7)}, "no such", 0},
		"not in gzip": {func(c *ssetest.Conn) {
			c.Header().Set("Content-Encoding", "gzip")
			c.Answer(http.StatusNotFound, "busy")
		}, nil, "busy", 0},
		"one byte, kept open":   {func(c *ssetest.Conn) { c.Header().Set("Content-Type", "text/html"); c.Raw("x"); c.Hold() }, nil, "x", 500 * time.Millisecond},
		"none of it, kept open": {func(c *ssetest.Conn) { c.Header().Set("Content-Type", "text/html"); c.Open(); c.Hold() }, []source.Option{source.WithMaxErrorBody(0)}, "", 0},
		"none of it":            {func(c *ssetest.Conn) { c.Answer(http.StatusNotFound, long) }, []source.Option{source.WithMaxErrorBody(0)}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, c.script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				start := time.Now()
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), append(c.opts, source.WithConnectTimeout(time.Hour))...))
				var failure *source.Error
				require.ErrorAs(t, err, &failure)
				assert.True(t, string(failure.Body) == c.body, "%d bytes: %.100q", len(failure.Body), failure.Body)
				assert.Equal(t, c.within, time.Since(start))
				if c.body != "" {
					assert.ErrorContains(t, err, fmt.Sprintf(": %.200q", c.body), "its beginning is part of the message")
				}
				assertLeft(t, server)
			})
		})
	}
}

// compressed returns a text in gzip.
func compressed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}
