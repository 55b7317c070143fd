package source_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A request that can never be sent ends the stream at once, even without a limit of
// attempts: it would otherwise retry silently forever.
func TestRequestsThatCannotBeSent(t *testing.T) {
	get := func(raw string) *http.Request {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		return &http.Request{URL: u}
	}
	for name, c := range map[string]struct {
		req  *http.Request // nil: a GET of a good URL
		opts []source.Option
		want string
	}{
		"a line break":        {nil, []source.Option{source.WithHeader("Authorization", "Bearer secret\n")}, `header field "Authorization": its value has a control character`},
		"a delete":            {nil, []source.Option{source.WithHeader("Authorization", "Bearer secret\x7f")}, `header field "Authorization": its value has a control character`},
		"a field's name":      {nil, []source.Option{source.WithHeader("two words", "x")}, `invalid header field name "two …"`},
		"a whole line":        {nil, []source.Option{source.WithHeader("Authorization: Bearer secret", "")}, `invalid header field name "Authorization:…"`},
		"a colon behind it":   {nil, []source.Option{source.WithHeader("Accept:", "x")}, `invalid header field name "Accept:"`},
		"a field without one": {nil, []source.Option{source.WithHeader("", "x")}, `invalid header field name ""`},
		"a method":            {&http.Request{Method: "BAD METHOD", URL: get("http://host.example").URL}, nil, `invalid method "BAD METHOD"`},
		"a method by prepare": {nil, []source.Option{source.WithPrepare(func(r *http.Request) error { r.Method = "PÖST"; return nil })}, `invalid method "PÖST"`},
		"GetBody fails": {&http.Request{
			URL: get("http://host.example").URL, Body: io.NopCloser(strings.NewReader("")),
			GetBody: func() (io.ReadCloser, error) { return nil, errGone },
		}, nil, "the request cannot be sent: GetBody: gone"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.req == nil {
				c.req = get("http://host.example")
			}
			_, err := sink.Collect(t.Context(), source.NewClient(c.opts...).ObserveRequest(c.req))
			var failure *source.Error
			require.ErrorAs(t, err, &failure)
			require.ErrorIs(t, err, source.ErrRequest)
			assert.Equal(t, name == "GetBody fails", errors.Is(err, errGone))
			assert.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// A header field Last-Event-ID does what WithLastEventID does: it is where the stream
// begins, not what each connection asks for.
func TestLastEventIDGivenAsHeader(t *testing.T) {
	for name, observe := range map[string]func(*source.Client, string) (*http.Request, []source.Option){
		"WithHeader": func(_ *source.Client, url string) (*http.Request, []source.Option) {
			req, err := http.NewRequest(http.MethodGet, url, nil)
			require.NoError(t, err)
			return req, []source.Option{source.WithHeader("last-event-id", "6")}
		},
		"request": func(_ *source.Client, url string) (*http.Request, []source.Option) {
			req, err := http.NewRequest(http.MethodGet, url, nil)
			require.NoError(t, err)
			req.Header.Set("Last-Event-ID", "6")
			return req, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) {
				switch c.N {
				case 1:
					c.Raw("data: first\n\n")
				case 2:
					c.Raw("id\ndata: reset\n\n")
				default:
					c.Answer(http.StatusNoContent, "")
				}
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				req, opts := observe(client, server.URL())
				events, err := sink.Collect(t.Context(), client.ObserveRequest(req, opts...))
				require.NoError(t, err)
				assert.Equal(t, "6", events[0].ID)
				log := server.Requests()
				assert.Equal(t, "6", log[0].LastEventID)
				assert.Equal(t, "6", log[1].LastEventID)
				assert.False(t, log[2].HasLastEventID, "the server has taken it back")
			})
		})
	}
}

func TestHostHeader(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithHeader("host", "virtual.example")))
		require.NoError(t, err)
		assert.Equal(t, "virtual.example", server.Requests()[0].Host)
	})
}

func TestIDOfBlanksIsNotSent(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithLastEventID(" \t")))
		require.NoError(t, err)
		assert.False(t, server.Requests()[0].HasLastEventID)
	})
}
