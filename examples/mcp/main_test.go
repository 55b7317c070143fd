package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The demonstration shows an answer in JSON, a stream that breaks and is resumed without
// a gap, and the server's own messages.
func TestDemonstration(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, nil))
	assert.Equal(t, `tool "count": "counts to n"
tool "echo": "repeats the message"
call echo {"message":"answered with JSON"}
result [{"text":"answered with JSON","type":"text"}]
call count {"n":5}
  notifications/progress {"progressToken":1,"progress":1,"total":5}
  notifications/progress {"progressToken":1,"progress":2,"total":5}
  -- the stream broke; it goes on after event "4.2"
  notifications/progress {"progressToken":1,"progress":3,"total":5}
  notifications/progress {"progressToken":1,"progress":4,"total":5}
  notifications/progress {"progressToken":1,"progress":5,"total":5}
result [{"text":"counted to 5","type":"text"}]
message {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"entry 1"}}
message {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"entry 2"}}
message {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"entry 3"}}
message {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"entry 4"}}
`, out.String())
}

// Every request after the first has the session, the protocol version and the user's header.
func TestHeaders(t *testing.T) {
	server := newStandIn(time.Millisecond)
	var requests []*http.Request
	http := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r) // one at a time
		server.ServeHTTP(w, r)
	}))
	defer http.Close()
	require.NoError(t, run(t.Context(), io.Discard, []string{"-url", http.URL, "-H", "Authorization: Bearer secret", "-call", "count", "-args", `{"n":3}`}))
	var methods []string
	for i, r := range requests {
		methods = append(methods, r.Method)
		assert.Equal(t, "Bearer secret", r.Header.Get("Authorization"))
		if i > 0 {
			assert.Equal(t, server.session, r.Header.Get("Mcp-Session-Id"))
			assert.Equal(t, protocolVersion, r.Header.Get("Mcp-Protocol-Version"))
		}
	}
	// initialize, initialized, tools/call; its stream breaks and is resumed; the end
	assert.Equal(t, []string{"POST", "POST", "POST", "GET", "DELETE"}, methods)
	assert.Equal(t, "2.2", requests[3].Header.Get("Last-Event-ID"))
	assert.Equal(t, "text/event-stream", requests[3].Header.Get("Accept"))
}

// answers is a server that answers each request with the next of its handlers, after
// the two that open a session.
func answers(t *testing.T, handlers ...http.HandlerFunc) *Client {
	t.Helper()
	n := -2
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		switch n {
		case -1:
			w.Header().Set("Mcp-Session-Id", "s")
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}`)
		case 0:
			w.WriteHeader(http.StatusAccepted)
		default:
			handlers[n-1](w, r)
		}
	}))
	t.Cleanup(server.Close)
	c := NewClient(server.URL+"/?key=secret", nil, 0)
	require.NoError(t, c.Connect(t.Context()))
	return c
}

func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"JSON-RPC error", answer(200, "application/json", `{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"no such tool"}}`), "x: the server answers with an error: no such tool (code -32602)"},
		{"HTML", answer(200, "text/html", "<p>log in"), `want JSON or an event stream, got Content-Type "text/html"`},
		{"no content", answer(204, "", ""), "x: the server accepts the call but sends no response: status 204 No Content"},
		{"accepted", answer(202, "", ""), "x: the server accepts the call but sends no response: status 202 Accepted"},
		{"session expired", answer(404, "text/plain", ""), ErrSessionExpired.Error()},
		{"unauthorized", answer(401, "text/plain", "who are you?\n"), `status 401 Unauthorized: "who are you?"`},
		{"redirect", answer(307, "text/plain", ""), "status 307 Temporary Redirect"},
		{"cut off without an ID", answer(200, "text/event-stream", "data: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n"), io.ErrUnexpectedEOF.Error()},
		{"no JSON in an event", answer(200, "text/event-stream", "data: oops\n\n"), "x: "},
		{"not the response", answer(200, "application/json", `{"jsonrpc":"2.0","id":7,"result":{}}`), "the stream ends without the response"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := answers(t, c.answer).Call(t.Context(), "x", nil, nil)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// The stream of a call that falls silent is resumed like one that breaks.
func TestSilentCallIsResumed(t *testing.T) {
	c := answers(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "id: 1\ndata:\n\n")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.Copy(io.Discard, r.Body) // net/http watches the connection after that
		<-r.Context().Done()
	}, answer(200, "text/event-stream", "data: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"done\"}\n\n"))
	c.idle = 50 * time.Millisecond
	var resumed []string
	c.Resumed = func(id string) { resumed = append(resumed, id) }
	var result string
	require.NoError(t, c.Call(t.Context(), "x", nil, &result))
	assert.Equal(t, "done", result)
	assert.Equal(t, []string{"1"}, resumed)
}

// A request of the server is answered while the call waits for its response.
func TestServerAsks(t *testing.T) {
	var got []string
	record := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, string(body))
		w.WriteHeader(http.StatusAccepted)
	}
	c := answers(t, answer(200, "text/event-stream", `data: {"jsonrpc":"2.0","id":"a","method":"ping"}

data: {"jsonrpc":"2.0","id":"b","method":"roots/list"}

data: {"jsonrpc":"2.0","id":2,"result":"done"}

`), record, record) //nolint:gocritic // two answers of the same kind
	var result string
	require.NoError(t, c.Call(t.Context(), "x", nil, &result))
	assert.Equal(t, "done", result)
	assert.Equal(t, []string{
		`{"jsonrpc":"2.0","id":"a","result":{}}`,
		`{"jsonrpc":"2.0","id":"b","error":{"code":-32601,"message":"method not found"}}`,
	}, got)
}

// A server that answers a message with 204 instead of 202 has accepted it.
func TestAMessageWithoutAResponse(t *testing.T) {
	c := answers(t, answer(204, "", ""))
	assert.NoError(t, c.send(t.Context(), Message{Method: "notifications/cancelled"}))
}

// A server without its own messages refuses the GET.
func TestListenIsRefused(t *testing.T) {
	c := answers(t, answer(405, "text/plain", "no stream here"))
	assert.ErrorContains(t, sink.ForEach(t.Context(), c.Listen(), func(Message) error { return nil }), "status 405")
}

// Ctrl-C during a call and while listening is a clean end.
func TestInterrupt(t *testing.T) {
	server := httptest.NewServer(newStandIn(20 * time.Millisecond))
	defer server.Close()
	for _, args := range [][]string{{"-listen"}, {"-call", "count", "-args", `{"n":100}`}} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		var out bytes.Buffer
		require.NoError(t, run(ctx, &out, append(args, "-url", server.URL)))
		assert.Contains(t, out.String(), "notifications/")
		assert.True(t, strings.HasSuffix(out.String(), "\ninterrupted\n"), out.String())
		cancel()
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestOutputFails(t *testing.T) {
	full := errors.New("no space left")
	assert.ErrorIs(t, run(t.Context(), failing{full}, nil), full)
}

func TestBadInput(t *testing.T) {
	for want, args := range map[string][]string{
		`unexpected argument "x"; see -help`:     {"x"},
		`-args must be a JSON object, got "[1]"`: {"-args", "[1]"},
		`want "Name: value"`:                     {"-H", "x"},
		"unsupported protocol scheme":            {"-url", "ftp://x"},
		"connection refused":                     {"-url", "http://127.0.0.1:1/?key=secret"},
		"missing protocol scheme":                {"-url", ":"},
	} {
		err := run(t.Context(), io.Discard, args)
		require.ErrorContains(t, err, want)
		assert.False(t, strings.Contains(err.Error(), "secret"), err)
	}
	assert.ErrorIs(t, run(t.Context(), io.Discard, []string{"-help"}), flag.ErrHelp)
}
