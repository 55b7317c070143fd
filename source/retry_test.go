package source_test

import (
	"crypto/tls"
	"errors"
	"io"
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

func TestWithRetryIf(t *testing.T) {
	never := func(*source.Error) bool { return false }
	for name, c := range map[string]struct {
		first    func(*ssetest.Conn)
		retry    func(*source.Error) bool
		requests int
		err      error
	}{
		"a final status again":    {func(c *ssetest.Conn) { c.Answer(http.StatusNotFound, "") }, func(e *source.Error) bool { return e.StatusCode == http.StatusNotFound }, 2, nil},
		"another type again":      {func(c *ssetest.Conn) { c.Answer(http.StatusOK, "") }, func(e *source.Error) bool { return errors.Is(e, source.ErrContentType) }, 2, nil},
		"what the default says":   {func(c *ssetest.Conn) { c.Answer(http.StatusBadGateway, "") }, (*source.Error).Temporary, 2, nil},
		"a busy server not again": {func(c *ssetest.Conn) { c.Answer(http.StatusTooManyRequests, "") }, never, 1, source.ErrStatus},
		"a failure not again":     {func(c *ssetest.Conn) { c.Send(numbered(1)...); c.Drop() }, never, 1, io.ErrUnexpectedEOF},
		"an end is none":          {func(c *ssetest.Conn) { c.Send(numbered(1)...) }, never, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > 1 {
					conn.Answer(http.StatusNoContent, "")
				}
				c.first(conn)
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithRetryIf(c.retry)))
				require.ErrorIs(t, err, c.err)
				assert.Len(t, server.Requests(), c.requests)
			})
		})
	}
}

func TestTemporary(t *testing.T) {
	for name, c := range map[string]struct {
		err  source.Error
		want bool
	}{
		"network":        {source.Error{Err: io.ErrUnexpectedEOF}, true},
		"429":            {source.Error{StatusCode: 429, Err: source.ErrStatus}, true},
		"500":            {source.Error{StatusCode: 500, Err: source.ErrStatus}, true},
		"499":            {source.Error{StatusCode: 499, Err: source.ErrStatus}, false},
		"no stream":      {source.Error{StatusCode: 200, Err: source.ErrContentType}, false},
		"too large":      {source.Error{Err: &codec.SizeError{}}, false},
		"redirects":      {source.Error{Err: source.ErrRedirects}, false},
		"certificate":    {source.Error{Err: &tls.CertificateVerificationError{Err: errGone}}, false},
		"URL":            {source.Error{Err: source.ErrURL}, false},
		"request":        {source.Error{Err: source.ErrRequest}, false},
		"no GetBody":     {source.Error{Err: source.ErrNoGetBody}, false},
		"checkpoint":     {source.Error{Err: source.ErrCheckpoint}, false},
		"prepare":        {source.Error{Err: source.ErrPrepare}, true},
		"silence":        {source.Error{Err: source.ErrIdleTimeout}, true},
		"without answer": {source.Error{Err: source.ErrConnectTimeout}, true},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, c.err.Temporary()) })
	}
}

// A server that greets each client and then turns it away is not healthy for those
// who say so.
func TestWithHealthyAfter(t *testing.T) {
	for name, c := range map[string]struct {
		lasts time.Duration
		fails bool
	}{
		"too short":   {59 * time.Second, true},
		"long enough": {time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > 10 {
					conn.Answer(http.StatusNoContent, "")
				}
				conn.Send(codec.Event{Data: "welcome"})
				conn.Sleep(c.lasts)
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithHealthyAfter(time.Minute), source.WithMaxAttempts(5)))
				if !c.fails {
					require.NoError(t, err)
					assert.Len(t, server.Requests(), 11)
					return
				}
				require.ErrorIs(t, err, source.ErrEndedEarly)
				assert.Len(t, server.Requests(), 5)
			})
		})
	}
}
