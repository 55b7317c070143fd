package source_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestWithStrictEventSource(t *testing.T) {
	for name, c := range map[string]struct {
		script   func(*ssetest.Conn)
		requests int
		err      error
	}{
		"no content":             {func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, 1, source.ErrStatus},
		"a busy server":          {func(c *ssetest.Conn) { c.Answer(http.StatusServiceUnavailable, "") }, 1, source.ErrStatus},
		"too many requests":      {func(c *ssetest.Conn) { c.Answer(http.StatusTooManyRequests, "") }, 1, source.ErrStatus},
		"no event stream":        {func(c *ssetest.Conn) { c.Answer(http.StatusOK, "") }, 1, source.ErrContentType},
		"a failure of the net":   {func(c *ssetest.Conn) { panic(http.ErrAbortHandler) }, 2, source.ErrStatus},
		"a connection that ends": {func(c *ssetest.Conn) { c.Send(numbered(1)...) }, 2, source.ErrStatus},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > 1 {
					conn.Answer(http.StatusNoContent, "")
				}
				c.script(conn)
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithStrictEventSource(true)))
				require.ErrorIs(t, err, c.err)
				assert.Len(t, server.Requests(), c.requests)
			})
		})
	}
}

func TestWithStrictEventSourceCanBeSwitchedOff(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Answer(map[int]int{1: http.StatusServiceUnavailable, 2: http.StatusNoContent}[c.N], "")
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithStrictEventSource(true), source.WithStrictEventSource(false)))
		require.NoError(t, err)
		assert.Len(t, server.Requests(), 2)
	})
}

// A scenario comes from the corpus: what a server does, connection by connection, and what
// an EventSource then reports.
type scenario struct {
	ID          string `json:"id"`
	URL         string `json:"url"`
	Requires    string `json:"requires"`
	Connections []struct {
		Expect struct {
			Method      string             `json:"method"`
			Path        string             `json:"path"`
			Headers     map[string]*string `json:"headers"`
			SameAttempt bool               `json:"same_attempt"`
			MinDelay    float64            `json:"min_delay_ms"`
			MaxDelay    float64            `json:"max_delay_ms"`
		} `json:"expect"`
		Respond struct {
			Status  int               `json:"status"`
			Headers map[string]string `json:"headers"`
			Body    string            `json:"body"`
			Then    string            `json:"then"`
			Delay   float64           `json:"delay_before_headers_ms"`
		} `json:"respond"`
	} `json:"connections"`
	Observes []struct {
		Open  bool   `json:"open"`
		Error string `json:"error"`
		Calls string `json:"client_calls"`
		Event *struct {
			Type        string `json:"type"`
			Data        string `json:"data"`
			LastEventID string `json:"lastEventId"`
		} `json:"event"`
	} `json:"client_observes"`
}

// TestScenarios plays the HTTP scenarios of the Web Platform Tests. The folder that
// RXSSE_CORPUS names has them in vectors/wpt_vectors.json.
func TestScenarios(t *testing.T) {
	corpus := os.Getenv("RXSSE_CORPUS")
	if corpus == "" {
		t.Skip("RXSSE_CORPUS is not set")
	}
	text, err := os.ReadFile(filepath.Join(corpus, "vectors", "wpt_vectors.json"))
	require.NoError(t, err)
	var vectors struct {
		Scenarios []scenario `json:"scenarios"`
	}
	require.NoError(t, json.Unmarshal(text, &vectors))
	require.NotEmpty(t, vectors.Scenarios)
	for _, s := range vectors.Scenarios {
		t.Run(s.ID, func(t *testing.T) {
			if s.URL != "" {
				refusesURL(t, s.URL)
				return
			}
			within(t, s.play, s.check)
		})
	}
}

// refusesURL checks that a URL with another scheme than HTTP is refused without an attempt.
func refusesURL(t *testing.T, url string) {
	t.Helper()
	trace := &source.Trace{Connecting: func(source.Attempt) { t.Error("it connects") }}
	_, err := sink.Collect(t.Context(), source.SSE(url, source.WithStrictEventSource(true), source.WithTrace(trace)))
	require.ErrorIs(t, err, source.ErrRequest)
}

// play is the server's side.
func (s scenario) play(c *ssetest.Conn) {
	if c.N > len(s.Connections) {
		c.Hold()
	}
	respond := s.Connections[c.N-1].Respond
	c.Sleep(time.Duration(respond.Delay * float64(time.Millisecond)))
	for key, value := range respond.Headers {
		c.Header().Set(key, value)
	}
	if respond.Status != http.StatusOK {
		c.Answer(respond.Status, respond.Body)
	}
	c.Open()
	for _, header := range []string{"Accept", "Cache-Control"} { // some bodies repeat request fields
		respond.Body = strings.ReplaceAll(respond.Body, "<value of the request's "+header+" header>", c.Request.Header.Get(header))
	}
	c.Raw(respond.Body)
	if respond.Then == "hold" {
		c.Hold()
	}
}

// check is the client's side.
func (s scenario) check(t *testing.T, server *ssetest.Server, _ *source.Client) {
	browser := *server.Client()
	if s.Requires == "cookie jar" {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		browser.Jar = jar
	}
	path := "/"
	if len(s.Connections) > 0 && s.Connections[0].Expect.Path != "" {
		path = s.Connections[0].Expect.Path
	}
	ctx, leave := context.WithTimeoutCause(t.Context(), 20*time.Second, errGone)
	defer leave()
	got := s.observe(ctx, leave, server.URL()+path, source.WithHTTPClient(&browser))
	want := s.want()
	require.GreaterOrEqual(t, len(got), len(want), "%q", got)
	assert.Equal(t, want, got[:len(want)])
	for _, more := range got[len(want):] {
		assert.Contains(t, more, "event ", "the scenario does not look at its events, but it has shown all else")
	}
	assertLeft(t, server)
	s.checkRequests(t, server.Requests())
}

// observe returns what an EventSource would report, until leave is called.
func (s scenario) observe(ctx context.Context, leave context.CancelFunc, url string, opts ...source.Option) (got []string) {
	trace := &source.Trace{
		Open: func(source.Attempt, *http.Response) {
			got = append(got, "open")
			if s.calls("close") {
				leave()
			}
		},
		Disconnected: func(source.Attempt, error) { got = append(got, "error reconnecting") },
	}
	if s.calls("close immediately") {
		time.AfterFunc(500*time.Millisecond, leave) // while it waits for the header
	}
	opts = append(opts, exactly, source.WithStrictEventSource(true), source.WithTrace(trace))
	for e, err := range source.SSE(url, opts...)(ctx) {
		switch {
		case err == nil:
			got = append(got, shown(e.Type, e.Data, e.ID))
		case ctx.Err() == nil:
			got = append(got, "error failed")
		}
	}
	return got
}

func shown(typ, data, id string) string { return fmt.Sprintf("event %s %q %q", typ, data, id) }

func (s scenario) calls(name string) bool {
	for _, o := range s.Observes {
		if o.Calls == name {
			return true
		}
	}
	return false
}

// want returns what observe should return.
func (s scenario) want() (want []string) {
	for _, o := range s.Observes {
		switch {
		case o.Open:
			want = append(want, "open")
		case o.Error != "":
			want = append(want, "error "+o.Error)
		case o.Event != nil:
			want = append(want, shown(o.Event.Type, o.Event.Data, o.Event.LastEventID))
		}
	}
	return want
}

func (s scenario) checkRequests(t *testing.T, requests []ssetest.Request) {
	t.Helper()
	require.Len(t, requests, len(s.Connections))
	for i, c := range s.Connections {
		r, expect := requests[i], c.Expect
		if expect.Method != "" {
			assert.Equal(t, expect.Method, r.Method)
		}
		if expect.Path != "" {
			assert.Equal(t, expect.Path, r.URL)
		}
		for key, value := range expect.Headers {
			if value == nil {
				assert.Empty(t, r.Header.Values(key), key)
			} else {
				assert.Equal(t, []string{*value}, r.Header.Values(key), key)
			}
		}
		if i == 0 {
			continue
		}
		delay := float64(r.Time.Sub(requests[i-1].Time)) / float64(time.Millisecond)
		assert.GreaterOrEqual(t, delay, expect.MinDelay)
		switch {
		case expect.SameAttempt:
			assert.Zero(t, delay)
		case expect.MaxDelay > 0:
			assert.LessOrEqual(t, delay, expect.MaxDelay)
		}
	}
}
