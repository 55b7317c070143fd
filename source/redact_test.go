package source_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestErrorsShowNoSecrets(t *testing.T) {
	for name, c := range map[string]struct{ path, want string }{
		"values":            {"/p?key=secret&b=secret&key=secret", "/p?key=…&b=…&key=…"},
		"a bare token":      {"/p?secret", "/p?…"},
		"a value with =":    {"/p?key=secret=secret", "/p?key=…"},
		"broken escapes":    {"/p?key=%zzsecret", "/p?key=…"},
		"semicolons":        {"/p?a=secret;b=secret", "/p?a=…"},
		"a fragment":        {"/p#secret", "/p"},
		"an empty query":    {"/p?", "/p?"},
		"a path is no risk": {"/a/b%2Fc", "/a/b%2Fc"},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) { c.Answer(http.StatusGone, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				withUser := strings.Replace(server.URL(), "http://", "http://user:secret@", 1)
				_, err := sink.Collect(t.Context(), client.Observe(withUser+c.path))
				require.EqualError(t, err, "source: GET "+server.URL()+c.want+": status 410 Gone")
			})
		})
	}
}

func TestErrorsOfUnusableURLs(t *testing.T) {
	for name, c := range map[string]struct{ url, want string }{
		"a password for a port":  {"http://user:secret", `source: GET http://user…: the request cannot be sent: unusable URL: it cannot be parsed: invalid port "…" after host`},
		"a broken address":       {"http://user:secret@[half/?key=secret", "source: GET http://…: the request cannot be sent: unusable URL: it cannot be parsed: missing ']' in host"},
		"half an address":        {"http://[", "source: GET http://[: the request cannot be sent: unusable URL: it cannot be parsed: missing ']' in host"},
		"a token for a user":     {"http://secret@[", "source: GET http://…: "},
		"a control character":    {"http://host\x7fsecret/", "source: GET http://host…: the request cannot be sent: unusable URL: it cannot be parsed: net/url: invalid control character in URL"},
		"a blank in the scheme":  {"se cret://host", "source: GET …: "},
		"a broken escape":        {"http://host/%zz?key=secret", "invalid URL escape"},
		"no scheme but a colon":  {":secret", "missing protocol scheme"},
		"forgotten slashes":      {"http:user:secret@host/x", "source: GET http:…: the request cannot be sent: unusable URL: it has no host"},
		"nothing":                {"", `source: GET "": the request cannot be sent: unusable URL: it is empty`},
		"no host":                {"http://%secret", "source: GET http://…: "},
		"a secret for a scheme?": {"%secret://x", "source: GET …: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sink.Collect(t.Context(), source.SSE(c.url))
			require.ErrorIs(t, err, source.ErrRequest)
			assert.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// At most a thousand bytes of a URL are shown.
func TestLongURL(t *testing.T) {
	url := "http://host.example/" + strings.Repeat("x", 980)
	fail := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errGone })
	for _, c := range []struct{ url, shown string }{{url, url}, {url + "y", url + "…"}} {
		_, err := sink.Collect(t.Context(), source.SSE(c.url, source.WithHTTPClient(&http.Client{Transport: fail}), source.WithMaxAttempts(1)))
		var failed *source.Error
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, c.shown, failed.URL)
	}
}

// A server cannot make an error's message long.
func TestErrorsAreShort(t *testing.T) {
	long := strings.Repeat("x", 100<<10)
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Raw("id: " + long + "\n\n")
		case 2:
			c.Header().Set("Location", "/"+long)
			c.Answer(http.StatusFound, "")
		default:
			c.Header().Set("Content-Type", "text/"+long)
			c.Answer(http.StatusOK, long)
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		_, err := sink.Collect(t.Context(), client.Observe(server.URL()))
		require.ErrorIs(t, err, source.ErrContentType)
		assert.Less(t, len(err.Error()), 3000)
		var failure *source.Error
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, 64<<10, len(failure.Body))
	})
}
