package source_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// The hook sees each request, may change all of it, and its changes are not kept.
func TestWithPrepare(t *testing.T) {
	within(t, ssetest.Replay(numbered(3), 1, 2), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		attempt := 0
		events, err := sink.Collect(t.Context(), client.Observe(server.URL()+"/path", source.WithPrepare(func(req *http.Request) error {
			attempt++
			assert.Empty(t, req.Header.Get("Authorization"), "each request is a new one")
			assert.Equal(t, "text/event-stream", req.Header.Get("Accept"), "as it is about to be sent")
			assert.Equal(t, "/path", req.URL.Path)
			req.Header.Set("Authorization", fmt.Sprintf("Bearer %d", attempt))
			req.URL.Path = fmt.Sprintf("/path/%d", attempt)
			if attempt == 3 {
				req.Header.Set("Last-Event-ID", "1")
			}
			return nil
		})))
		require.NoError(t, err)
		assert.Equal(t, "event 1 event 2 event 2 event 3", data(events), "it has asked for the second again")
		for i, r := range server.Requests() {
			assert.Equal(t, fmt.Sprintf("Bearer %d", i+1), r.Header.Get("Authorization"))
			assert.Equal(t, fmt.Sprintf("/path/%d", i+1), r.URL)
		}
	})
}

func TestPrepareThatFails(t *testing.T) {
	within(t, ssetest.Replay(numbered(1)), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		attempts := 0
		prepare := source.WithPrepare(func(*http.Request) error {
			if attempts++; attempts < 3 {
				return errGone
			}
			return nil
		})
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(), prepare))
		require.NoError(t, err)
		assert.Equal(t, "event 1", data(events), "it was asked again")

		attempts = 0
		_, err = client.Open(t.Context(), server.URL(), prepare)
		require.ErrorContains(t, err, "the request could not be prepared")
		require.ErrorIs(t, err, errGone)
		assert.Len(t, server.Requests(), 2)
	})
}

// A header that the hook has spoilt is reported as one that WithHeader has.
func TestPrepareIsChecked(t *testing.T) {
	_, err := sink.Collect(t.Context(), source.SSE("http://host.example", source.WithPrepare(func(req *http.Request) error {
		req.Header.Set("Authorization", "Bearer secret\n")
		return nil
	})))
	require.ErrorIs(t, err, source.ErrRequest)
	assert.NotContains(t, err.Error(), "secret")
}

// A body that prepare sets is the one that is sent.
func TestPrepareSetsABody(t *testing.T) {
	body := func(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }
	for name, c := range map[string]struct {
		given   io.Reader
		prepare func(*http.Request)
		want    string
	}{
		"another":                   {strings.NewReader("old"), func(r *http.Request) { r.Body = body("the new one") }, "the new one"},
		"another with its length":   {strings.NewReader("old"), func(r *http.Request) { r.Body, r.ContentLength = body("new"), 3 }, "new"},
		"one where there was none":  {nil, func(r *http.Request) { r.Body = body("new") }, "new"},
		"none where there was one":  {strings.NewReader("old"), func(r *http.Request) { r.Body = nil }, ""},
		"the old one is left":       {strings.NewReader("old"), func(r *http.Request) { r.Header.Set("X", "y") }, "old"},
		"one for a body of one use": {io.MultiReader(strings.NewReader("old")), func(r *http.Request) { r.Body = body("new") }, "new"},
		"it reads the old one": {strings.NewReader("old"), func(r *http.Request) {
			old, _ := io.ReadAll(r.Body)
			r.Body = body(string(old) + " and new")
		}, "old and new"},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N == 1 {
					conn.Answer(http.StatusServiceUnavailable, "")
				}
				conn.Answer(http.StatusNoContent, "")
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				req, err := http.NewRequest(http.MethodPost, server.URL(), c.given)
				require.NoError(t, err)
				_, err = sink.Collect(t.Context(), client.ObserveRequest(req, source.WithPrepare(func(r *http.Request) error {
					c.prepare(r)
					return nil
				})))
				require.NoError(t, err)
				require.Len(t, server.Requests(), 2)
				for _, r := range server.Requests() {
					assert.Equal(t, c.want, string(r.Body))
				}
			})
		})
	}
}

// A body that is not sent is closed.
func TestBodyThatIsNotSentIsClosed(t *testing.T) {
	for name, prepare := range map[string]func(*http.Request) error{
		"it fails":           func(*http.Request) error { return errGone },
		"it sets another":    func(r *http.Request) error { r.Body = io.NopCloser(strings.NewReader("new")); return nil },
		"it leaves it alone": func(*http.Request) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				opened, closed := 0, 0
				req, err := http.NewRequest(http.MethodPost, server.URL(), strings.NewReader("old"))
				require.NoError(t, err)
				req.GetBody = func() (io.ReadCloser, error) {
					opened++
					return closingBody{strings.NewReader("old"), func() { closed++ }}, nil
				}
				_, _ = sink.Collect(t.Context(), client.ObserveRequest(req, source.WithPrepare(prepare), source.WithReconnect(source.ReconnectNever)))
				assert.Equal(t, 1, opened)
				assert.Equal(t, opened, closed)
			})
		})
	}
}

// What prepare changes in the header stays with this attempt.
func TestPreparedHeaderIsOfOneAttempt(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N == 2 {
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithHeader("X-Topic", "a"), source.WithPrepare(func(req *http.Request) error {
			req.Header["X-Topic"][0] += "b"
			return nil
		})))
		require.NoError(t, err)
		for _, r := range server.Requests() {
			assert.Equal(t, "ab", r.Header.Get("X-Topic"))
		}
	})
}
