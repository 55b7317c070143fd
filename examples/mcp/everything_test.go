package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
)

// startEverything starts @modelcontextprotocol/server-everything of npm and returns its
// URL. The variable RXSSE_MCP_EVERYTHING names its index.js; .ci/run installs it and
// sets the variable.
func startEverything(t *testing.T) string {
	t.Helper()
	script := os.Getenv("RXSSE_MCP_EVERYTHING")
	if script == "" {
		t.Skip("RXSSE_MCP_EVERYTHING is not set: npm install @modelcontextprotocol/server-everything, and name its dist/index.js")
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := listener.Addr().(*net.TCPAddr).Port //nolint:errcheck,forcetypeassert // it listens on TCP
	require.NoError(t, listener.Close())

	server := exec.Command("node", script, "streamableHttp")
	server.Env = append(os.Environ(), "PORT="+strconv.Itoa(port))
	stderr, err := server.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	// Its only line says that it listens, or why it cannot.
	line := make([]byte, 200)
	n, err := stderr.Read(line)
	require.NoError(t, err)
	require.Contains(t, string(line[:n]), "listening on port")
	return "http://127.0.0.1:" + strconv.Itoa(port) + "/mcp"
}

// breaking is a proxy that breaks the first stream that answers a call of a tool, after
// its n-th event.
func breaking(t *testing.T, target string, n int) (proxyURL string, resumed *atomic.Int32) {
	t.Helper()
	u, err := url.Parse(target)
	require.NoError(t, err)
	resumed = new(atomic.Int32)
	var broken atomic.Bool
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: u.Scheme, Host: u.Host})
	proxy.FlushInterval = -1
	proxy.ErrorLog = nil
	proxy.ModifyResponse = func(resp *http.Response) error {
		if resp.Request.Method == http.MethodGet && resp.Request.Header.Get("Last-Event-ID") != "" {
			resumed.Add(1)
		}
		if resp.Request.Header.Get("X-Break") != "" && resp.Request.Method == http.MethodPost && resp.Header.Get("Content-Type") == "text/event-stream" && resp.Request.Header.Get("Mcp-Session-Id") != "" && broken.CompareAndSwap(false, true) {
			resp.Body = &cutBody{ReadCloser: resp.Body, events: n}
		}
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL + u.Path, resumed
}

// A cutBody breaks after a number of events.
type cutBody struct {
	io.ReadCloser

	events int
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.events <= 0 {
		return 0, errors.New("the proxy breaks the connection")
	}
	n, err := b.ReadCloser.Read(p)
	b.events -= strings.Count(string(p[:n]), "\n\n")
	return n, err
}

// The server of npm: tools, progress, its own messages.
func TestEverything(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	target := startEverything(t)

	t.Run("tools", func(t *testing.T) {
		var out strings.Builder
		require.NoError(t, run(ctx, &out, []string{"-url", target}))
		assert.Contains(t, out.String(), `tool "echo"`)
		out.Reset()
		require.NoError(t, run(ctx, &out, []string{"-url", target, "-call", "echo", "-args", `{"message":"hello"}`}))
		assert.Contains(t, out.String(), `"text":"Echo: hello"`)
		err := run(ctx, io.Discard, []string{"-url", target, "-call", "nonsense"})
		assert.ErrorContains(t, err, "nonsense")
	})

	t.Run("a broken stream is resumed without a gap", func(t *testing.T) {
		address, resumed := breaking(t, target, 2)
		c := NewClient(address, http.Header{"X-Break": {"yes"}}, 700*time.Millisecond)
		require.NoError(t, c.Connect(ctx))
		var progress []string
		c.Handle = func(m Message) error {
			if m.Method == "notifications/progress" {
				progress = append(progress, string(m.Params))
			}
			return nil
		}
		var result struct {
			Content []struct {
				Text string `json:"text"`
			} `json:"content"`
		}
		require.NoError(t, c.Call(ctx, "tools/call", map[string]any{
			"name":      "trigger-long-running-operation",
			"arguments": map[string]any{"duration": 1, "steps": 5},
			"_meta":     map[string]any{"progressToken": 1},
		}, &result))
		require.Len(t, progress, 5)
		for i, p := range progress {
			assert.Contains(t, p, `"progress":`+strconv.Itoa(i+1))
		}
		assert.Contains(t, result.Content[0].Text, "completed")
		assert.Positive(t, resumed.Load(), "the proxy has broken the stream")
		require.NoError(t, c.Close(ctx))
		assert.Error(t, c.Call(ctx, "tools/list", nil, nil), "the session has ended")
	})

	t.Run("the server's own messages", func(t *testing.T) {
		c := NewClient(target, nil, 0)
		require.NoError(t, c.Connect(ctx))
		listening := make(chan error)
		var first Message
		go func() { // ends with the first message, or with ctx
			logged := operators.Filter(c.Listen(), func(m Message) bool { return m.Method == "notifications/message" })
			var err error
			first, err = sink.First(ctx, logged)
			listening <- err
		}()
		require.NoError(t, c.Call(ctx, "tools/call", map[string]any{"name": "toggle-simulated-logging", "arguments": map[string]any{}}, new(any)))
		require.NoError(t, <-listening)
		assert.Contains(t, string(first.Params), "message")
		require.NoError(t, c.Close(ctx))
	})
}
