package source_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source"
)

// A roundTripper is a function that implements [http.RoundTripper].
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A body records whether it has been closed.
type body struct {
	io.Reader

	closed *bool
}

func (b body) Close() error {
	*b.closed = true
	return nil
}

// When a range ends, for any reason, its body has been closed, even if it ignores the
// request's context; and only io.EOF itself is a clean end.
func TestBodyIsClosedAndItsErrorsAreKept(t *testing.T) {
	const event = "data: event\n\n"
	failing := func(err error) io.Reader {
		return io.MultiReader(strings.NewReader(event), readerFunc(func([]byte) (int, error) { return 0, err }))
	}
	is := func(want error) func(*testing.T, error) {
		return func(t *testing.T, got error) { require.ErrorIs(t, got, want) }
	}
	tooLarge := func(t *testing.T, got error) {
		var e *codec.SizeError
		require.ErrorAs(t, got, &e)
	}
	for name, c := range map[string]struct {
		status int
		body   io.Reader
		leave  bool
		check  func(*testing.T, error)
	}{
		"break":               {200, strings.NewReader(event + event), true, is(nil)},
		"clean end":           {200, strings.NewReader(event), false, is(nil)},
		"broken":              {200, failing(errGone), false, is(errGone)},
		"an end that is none": {200, failing(fmt.Errorf("the proxy: %w", io.EOF)), false, is(io.EOF)},
		"too large":           {200, strings.NewReader(event + "data: " + strings.Repeat("x", 2000) + "\n\n"), false, tooLarge},
		"refused":             {404, strings.NewReader("not here"), false, is(source.ErrStatus)},
	} {
		t.Run(name, func(t *testing.T) {
			closed := false
			transport := roundTripper(func(req *http.Request) (*http.Response, error) {
				return &http.Response{
					Request: req, StatusCode: c.status, Body: body{c.body, &closed},
					Header: http.Header{"Content-Type": {"text/event-stream"}},
				}, nil
			})
			var got error
			for _, err := range source.SSE("http://host.example", source.WithHTTPClient(&http.Client{Transport: transport}),
				source.WithReconnect(source.ReconnectNever), source.WithMaxEventSize(1000))(t.Context()) {
				if got = err; c.leave {
					assert.False(t, closed)
					break
				}
			}
			assert.True(t, closed)
			c.check(t, got)
		})
	}
}

// A readerFunc is a reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
