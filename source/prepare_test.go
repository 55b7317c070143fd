package source_test

import (
	"errors"
	"fmt"
	"io"
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

// A header that the hook makes invalid is reported like one of WithHeader.
func TestPrepareIsChecked(t *testing.T) {
	_, err := sink.Collect(t.Context(), source.SSE("http://host.example", source.WithPrepare(func(req *http.Request) error {
		req.Header.Set("Authorization", "Bearer secret\n")
		return nil
	})))
	require.ErrorIs(t, err, source.ErrRequest)
	assert.NotContains(t, err.Error(), "secret")
}

// A body that prepare sets is sent.
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

// A failover: each attempt goes to another server, and errors and log name the server of
// the attempt.
func TestPrepareChoosesTheServer(t *testing.T) {
	script := func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Send(codec.Event{ID: "1", Data: "one"})
			c.Reset()
		case 2:
			c.Send(codec.Event{ID: "2", Data: "two"})
			c.Reset()
		case 3:
			c.Answer(http.StatusServiceUnavailable, "")
		default:
			c.Send(codec.Event{ID: "3", Data: "three"})
			c.Reset()
		}
	}
	within(t, script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		replicas := []string{"a.example", "b.example"}
		attempt := 0
		prepare := source.WithPrepare(func(req *http.Request) error {
			if attempt++; attempt == 5 {
				return errGone
			}
			req.URL.Host = replicas[(attempt-1)%2]
			return nil
		})
		log, written := lines(slog.LevelInfo)
		var lost []string
		trace := source.WithTrace(&source.Trace{Disconnected: func(a source.Attempt, err error) {
			assert.Equal(t, "http://a.example/feed", a.URL, "that of the stream")
			var failure *source.Error
			require.ErrorAs(t, err, &failure)
			lost = append(lost, failure.URL)
		}})
		retry := source.WithRetryIf(func(e *source.Error) bool { return !errors.Is(e, errGone) })

		events, err := sink.Collect(t.Context(), client.Observe("http://a.example/feed", prepare, trace, retry, source.WithLogger(log)))

		require.ErrorIs(t, err, errGone)
		require.ErrorContains(t, err, "http://a.example/feed", "no request was made")
		assert.Equal(t, "one two three", data(events))
		var hosts []string
		for _, r := range server.Requests() {
			hosts = append(hosts, r.Host+" "+r.LastEventID)
		}
		assert.Equal(t, []string{"a.example ", "b.example 1", "a.example 2", "b.example 2"}, hosts)
		const a, b = "http://a.example/feed", "http://b.example/feed"
		assert.Equal(t, []string{a, b, a, b}, lost)
		var asked []string
		for _, line := range written() {
			_, requestURL, _ := strings.Cut(line, "request_url=")
			asked = append(asked, requestURL)
		}
		assert.Equal(t, []string{
			"", // the stream's own URL is on each line
			b,  // reconnected
			b + " retry_in=3s",
			b, // reconnected after the 503 of a
			b + " retry_in=3s",
		}, asked)
	})
}

// The Host of a request is that of its URL, unless another was set.
func TestHostFollowsTheURL(t *testing.T) {
	for name, c := range map[string]struct {
		host    string // of the program's request
		opts    []source.Option
		prepare func(*http.Request)
		want    string
	}{
		"another URL":                      {"", nil, func(r *http.Request) { r.URL.Host = "b.example" }, "b.example"},
		"another URL, and a Host":          {"", nil, func(r *http.Request) { r.URL.Host, r.Host = "b.example", "c.example" }, "c.example"},
		"another URL, WithHeader":          {"", []source.Option{source.WithHeader("Host", "c.example")}, func(r *http.Request) { r.URL.Host = "b.example" }, "c.example"},
		"another URL, the request's Host":  {"c.example", nil, func(r *http.Request) { r.URL.Host = "b.example" }, "c.example"},
		"the same URL":                     {"", nil, func(*http.Request) {}, "a.example"},
		"the same URL, the request's Host": {"c.example", nil, func(*http.Request) {}, "c.example"},
		"the same URL, and a Host":         {"", nil, func(r *http.Request) { r.Host = "c.example" }, "c.example"},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, ssetest.Replay(numbered(1)), func(t *testing.T, server *ssetest.Server, client *source.Client) {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.example/feed", nil)
				require.NoError(t, err)
				if c.host != "" {
					req.Host = c.host
				}
				prepare := source.WithPrepare(func(r *http.Request) error {
					c.prepare(r)
					return nil
				})
				_, err = sink.First(t.Context(), client.ObserveRequest(req, append(c.opts, prepare)...))
				require.NoError(t, err)
				require.Len(t, server.Requests(), 1)
				assert.Equal(t, c.want, server.Requests()[0].Host)
			})
		})
	}
}
