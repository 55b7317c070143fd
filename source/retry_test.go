package source_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
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
		"an end is the end":       {func(c *ssetest.Conn) { c.Send(numbered(1)...) }, never, 1, nil},
		"an end is none":          {func(c *ssetest.Conn) { c.Send(numbered(1)...) }, (*source.Error).Temporary, 2, nil},
		"an end by its reason":    {func(c *ssetest.Conn) { c.Send(numbered(1)...) }, func(e *source.Error) bool { return !errors.Is(e, source.ErrEnded) }, 1, nil},
		"a break is no end":       {func(c *ssetest.Conn) { c.Send(numbered(1)...); c.Drop() }, func(e *source.Error) bool { return !errors.Is(e, source.ErrEnded) }, 2, nil},
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

// With WithHealthyAfter, a server that greets each client and then disconnects it is not
// healthy.
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

func TestWithReconnect(t *testing.T) {
	accept := func(rest func(*ssetest.Conn)) func(*ssetest.Conn) {
		return func(c *ssetest.Conn) {
			c.Send(numbered(1)...)
			rest(c)
		}
	}
	status := func(code int) func(*ssetest.Conn) { return func(c *ssetest.Conn) { c.Answer(code, "") } }
	end, drop := accept(func(*ssetest.Conn) {}), accept((*ssetest.Conn).Drop)
	hangUp := func(*ssetest.Conn) { panic(http.ErrAbortHandler) }
	always, until, never := source.WithReconnect(source.ReconnectAlways), source.WithReconnect(source.ReconnectUntilAccepted), source.WithReconnect(source.ReconnectNever)
	for name, c := range map[string]struct {
		method   string
		opts     []source.Option
		script   []func(*ssetest.Conn) // then 204
		requests int
		want     []error // of the error; nil: completes
	}{
		"POST that is busy":           {"POST", nil, []func(*ssetest.Conn){status(429), status(408), status(425), status(503), end}, 5, nil},
		"POST that is refused":        {"POST", nil, []func(*ssetest.Conn){status(404)}, 1, []error{source.ErrStatus}},
		"POST that breaks":            {"POST", nil, []func(*ssetest.Conn){drop}, 1, []error{source.ErrNotSentAgain, io.ErrUnexpectedEOF}},
		"POST that goes silent":       {"POST", []source.Option{source.WithIdleTimeout(time.Second)}, []func(*ssetest.Conn){accept((*ssetest.Conn).Hold)}, 1, []error{source.ErrNotSentAgain, source.ErrIdleTimeout}},
		"POST that delivers nothing":  {"POST", nil, []func(*ssetest.Conn){(*ssetest.Conn).Open}, 1, nil},
		"POST without an answer":      {"POST", nil, []func(*ssetest.Conn){hangUp}, 1, []error{source.ErrNotSentAgain, io.ErrUnexpectedEOF}},
		"POST that waits for it":      {"POST", []source.Option{source.WithConnectTimeout(time.Second)}, []func(*ssetest.Conn){func(c *ssetest.Conn) { <-c.Gone() }}, 1, []error{source.ErrNotSentAgain, source.ErrConnectTimeout}},
		"POST, again if unanswered":   {"POST", []source.Option{source.WithRetryIf(func(*source.Error) bool { return true })}, []func(*ssetest.Conn){hangUp, end}, 2, nil},
		"POST, not again if accepted": {"POST", []source.Option{source.WithRetryIf(func(*source.Error) bool { return true })}, []func(*ssetest.Conn){drop}, 1, []error{source.ErrNotSentAgain}},
		"POST, limited":               {"POST", []source.Option{source.WithMaxAttempts(2)}, []func(*ssetest.Conn){status(429), status(429)}, 2, []error{source.ErrStatus}},
		"POST always":                 {"POST", []source.Option{always}, []func(*ssetest.Conn){hangUp, drop, end}, 4, nil},
		"POST never":                  {"POST", []source.Option{never}, []func(*ssetest.Conn){status(429)}, 1, []error{source.ErrStatus}},
		"DELETE that breaks":          {"DELETE", nil, []func(*ssetest.Conn){drop}, 1, []error{source.ErrNotSentAgain}},
		"PUT that ends":               {"PUT", nil, []func(*ssetest.Conn){end}, 1, nil},
		"GET":                         {"GET", nil, []func(*ssetest.Conn){hangUp, drop, end}, 4, nil},
		"no method":                   {"", nil, []func(*ssetest.Conn){end}, 2, nil},
		"GET until accepted, ends":    {"GET", []source.Option{until}, []func(*ssetest.Conn){status(500), end}, 2, nil},
		"GET until accepted, breaks":  {"GET", []source.Option{until}, []func(*ssetest.Conn){drop}, 1, []error{source.ErrNotSentAgain}},
		"GET never, ends":             {"GET", []source.Option{never}, []func(*ssetest.Conn){end}, 1, nil},
		"GET never, breaks":           {"GET", []source.Option{never}, []func(*ssetest.Conn){drop}, 1, []error{io.ErrUnexpectedEOF}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > len(c.script) {
					conn.Answer(http.StatusNoContent, "")
				}
				c.script[conn.N-1](conn)
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				req, err := http.NewRequest(http.MethodPost, server.URL(), strings.NewReader("question"))
				require.NoError(t, err)
				req.Method = c.method
				_, err = sink.Collect(t.Context(), client.ObserveRequest(req, c.opts...))
				assert.Len(t, server.Requests(), c.requests)
				if c.want == nil {
					require.NoError(t, err)
				}
				for _, want := range c.want {
					require.ErrorIs(t, err, want)
				}
				for _, r := range server.Requests() {
					assert.Equal(t, "question", string(r.Body))
				}
			})
		})
	}
}

// A request that was not sent is sent again: no connection could be made.
func TestRequestThatWasNotSent(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Send(numbered(1)...) }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		transport := server.Client().Transport.(*http.Transport).Clone() //nolint:forcetypeassert,errcheck // it is ssetest's
		defer transport.CloseIdleConnections()
		dial, dials := transport.DialContext, 0
		transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dials++; dials < 3 {
				return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
			}
			return dial(ctx, network, addr)
		}
		req, err := http.NewRequest(http.MethodPost, server.URL(), strings.NewReader("question"))
		require.NoError(t, err)
		events, err := sink.Collect(t.Context(), client.ObserveRequest(req, source.WithHTTPClient(&http.Client{Transport: transport})))
		require.NoError(t, err)
		assert.Equal(t, "event 1", data(events))
		assert.Equal(t, 3, dials)
	})
}

// Reconnect does not send a request again that the server has accepted.
func TestReconnectOfAPost(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(1)...)
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		req, err := http.NewRequest(http.MethodPost, server.URL(), strings.NewReader("question"))
		require.NoError(t, err)
		session, err := client.OpenRequest(t.Context(), req)
		require.NoError(t, err)
		defer session.Close()
		assert.Equal(t, "event 1", take(t, session, 1))
		session.Reconnect()
		_, err = rest(session)
		require.ErrorIs(t, err, source.ErrNotSentAgain)
		require.ErrorIs(t, err, source.ErrReconnectRequested)
		assert.Len(t, server.Requests(), 1)
	})
}

// A POST that was not sent is sent again: the function that chooses a proxy has failed. A
// protocol that the user registers may have sent it, even if that function fails.
func TestPostThatMayNotHaveLeft(t *testing.T) {
	noProxy := func(*http.Request) (*url.URL, error) { return nil, errors.New("no proxy") }
	custom := func(*http.Request) (*http.Response, error) { return nil, errGone }
	for name, c := range map[string]struct {
		proxy    func(*http.Request) (*url.URL, error)
		protocol roundTripper
		want     error // nil: the request has not left
	}{
		"the proxy function fails":            {noProxy, nil, nil},
		"a protocol of the user's own":        {nil, custom, errGone},
		"a protocol beside one that fails":    {noProxy, custom, errGone},
		"a protocol beside one that succeeds": {http.ProxyFromEnvironment, custom, errGone},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &http.Transport{Proxy: c.proxy}
				if c.protocol != nil {
					transport.RegisterProtocol("http", c.protocol)
				}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://host.example/", strings.NewReader("question"))
				require.NoError(t, err)
				_, err = sink.Collect(t.Context(), source.NewClient(source.WithHTTPClient(&http.Client{Transport: transport}), source.WithMaxAttempts(2)).ObserveRequest(req))
				var failure *source.Error
				require.ErrorAs(t, err, &failure)
				if c.want == nil {
					require.ErrorContains(t, err, "no proxy")
					assert.NotErrorIs(t, err, source.ErrNotSentAgain)
					assert.Equal(t, 2, failure.Attempts)
					return
				}
				require.ErrorIs(t, err, c.want)
				require.ErrorIs(t, err, source.ErrNotSentAgain)
				assert.Equal(t, 1, failure.Attempts)
			})
		})
	}
}
