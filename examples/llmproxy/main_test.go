package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Both APIs give the page the same events, except for the names of their reasons.
func TestDemonstration(t *testing.T) {
	var out, log bytes.Buffer
	require.NoError(t, run(t.Context(), &out, &log, nil))
	assert.Equal(t, `openai> Why are tokens sent one by one?
  token   {"text":"So that "}
  token   {"text":"you can "}
  token   {"text":"read on."}
  done    {"reason":"stop"}
openai> Weather in Paris?
  tool    {"tool":{"id":"call_1","name":"weather","arguments":"{\"city\":\"Paris\"}"}}
  done    {"reason":"tool_calls"}
openai> Story please!
  token   {"text":"Once upon "}
  token   {"text":"a time"}
  done    {"reason":"length","cutOff":true}
openai> Fail!
  token   {"text":"Well, "}
  failure {"message":"the model reports an error: server_error: overloaded"}
openai> Hang up!
  token   {"text":"Well, "}
  failure {"message":"the answer broke off"}
openai> Busy?
  refused with status 429: too many prompts at the moment
anthropic> Why are tokens sent one by one?
  token   {"text":"So that "}
  token   {"text":"you can "}
  token   {"text":"read on."}
  done    {"reason":"end_turn"}
anthropic> Weather in Paris?
  tool    {"tool":{"id":"call_1","name":"weather","arguments":"{\"city\":\"Paris\"}"}}
  done    {"reason":"tool_use"}
anthropic> Story please!
  token   {"text":"Once upon "}
  token   {"text":"a time"}
  done    {"reason":"max_tokens","cutOff":true}
`, out.String())
	assert.Contains(t, log.String(), "sent again: unexpected EOF")
}

// start serves a proxy in front of an upstream.
func start(t *testing.T, a api, path, key string) (*httptest.Server, *upstream, *bytes.Buffer) {
	t.Helper()
	models := &upstream{pause: 5 * time.Millisecond}
	upstreamServer := httptest.NewServer(models)
	t.Cleanup(upstreamServer.Close)
	a.url = upstreamServer.URL + path
	var log bytes.Buffer
	server := httptest.NewServer(newProxy(a, key, slog.New(slog.NewTextHandler(&log, nil))))
	t.Cleanup(server.Close)
	return server, models, &log
}

// A page that leaves ends the request to the model, which would continue to write and
// charge.
func TestPageLeaves(t *testing.T) {
	for path, a := range map[string]api{openAIPath: openAI, anthropicPath: anthropic} {
		server, models, log := start(t, a, path, "key")
		ctx, leave := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader("endless"))
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		decoder := codec.NewDecoder(resp.Body)
		for range 3 {
			e, err := decoder.Next()
			require.NoError(t, err)
			assert.Equal(t, codec.Event{Type: "token", Data: `{"text":"and so on, "}`}, e)
		}
		assert.EqualValues(t, 1, models.running.Load())
		leave()
		require.NoError(t, resp.Body.Close())
		require.Eventually(t, func() bool { return models.running.Load() == 0 }, 5*time.Second, time.Millisecond)
		assert.EqualValues(t, 1, models.cancelled.Load())
		server.Close() // waits for the proxy's handler
		assert.Contains(t, log.String(), "the page has left")
	}
	http.DefaultClient.CloseIdleConnections()
}

// A token is sent to the page before the next one exists.
func TestTokensAreNotHeldBack(t *testing.T) {
	next := make(chan string)
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for text := range next {
			_, _ = io.WriteString(w, openAIToken(text).String())
			_ = http.NewResponseController(w).Flush()
		}
	}))
	defer model.Close()
	defer close(next)
	a := openAI
	a.url = model.URL
	server := httptest.NewServer(newProxy(a, "key", slog.New(slog.DiscardHandler)))
	defer server.Close()
	req, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader("x"))
	require.NoError(t, err)
	go func() { next <- "0" }() // received by the model, which answers then
	n := 0
	for e, err := range operators.Take(new(source.Client).ObserveRequest(req), 3)(t.Context()) {
		require.NoError(t, err)
		assert.Contains(t, e.Data, string(rune('0'+n)))
		if n++; n < 3 {
			next <- string(rune('0' + n))
		}
	}
	assert.Equal(t, 3, n)
}

// The page learns that there is no answer, but not the key or the model's message.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, prompt, key string
		status            int
		text              string
	}{
		{"wrong key", "Why?", "wrong", http.StatusBadGateway, "the model does not answer\n"},
		{"busy", "busy", "key", http.StatusTooManyRequests, "too many prompts at the moment\n"},
		{"too long", strings.Repeat("x", 64<<10+1), "key", http.StatusRequestEntityTooLarge, "the prompt is too long\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, _, log := start(t, openAI, openAIPath, c.key)
			resp, err := server.Client().Post(server.URL, "text/plain", strings.NewReader(c.prompt))
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, c.status, resp.StatusCode)
			assert.Equal(t, c.text, string(body))
			if c.status == http.StatusTooManyRequests {
				assert.Equal(t, "7", resp.Header.Get("Retry-After"))
			}
			assert.NotContains(t, log.String(), "Bearer")
		})
	}
}

// Pieces that do not fit together are an error.
func TestMalformedAnswers(t *testing.T) {
	for want, e := range map[string]codec.Event{
		"its index is out of order": {Data: `{"choices":[{"delta":{"tool_calls":[{"index":7}]}}]}`},
		"jsontext":                  {Data: `{"choices":`},
	} {
		_, err := openAI.newReader()(e)
		assert.ErrorContains(t, err, want)
	}
	// A clean end of the connection is not the end of the answer.
	for _, newReader := range []func() func(codec.Event) ([]Part, error){openAI.newReader, anthropic.newReader} {
		var got error
		for _, err := range parts(source.Just(codec.Event{Data: "{}"}), newReader())(t.Context()) {
			got = err
		}
		assert.ErrorIs(t, got, io.ErrUnexpectedEOF)
	}
}

// The page is served, and Ctrl-C ends the server.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error)
	go func() { done <- run(ctx, in, io.Discard, []string{"-addr", "127.0.0.1:0"}) }()
	line := make([]byte, 100)
	n, err := out.Read(line)
	require.NoError(t, err)
	url := strings.Fields(string(line[:n]))[1]
	resp, err := http.Get(url)
	require.NoError(t, err)
	page, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Contains(t, string(page), `fetch("/chat"`)
	cancel()
	n, err = out.Read(line)
	require.NoError(t, err)
	assert.Equal(t, "interrupted\n", string(line[:n]))
	require.NoError(t, <-done)
	http.DefaultClient.CloseIdleConnections()
}

// A signal during an answer ends the demonstration without an error, and the output says so.
func TestInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	var out strings.Builder
	stdout := writerFunc(func(p []byte) (int, error) {
		if bytes.HasPrefix(p, []byte("  token ")) {
			interrupt(errors.New("signal"))
		}
		return out.Write(p)
	})
	require.NoError(t, run(ctx, stdout, io.Discard, nil))
	assert.Regexp(t, `\n  token .*\ninterrupted\n$`, out.String())
	assert.Equal(t, 1, strings.Count(out.String(), "token "))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestOutputFails(t *testing.T) {
	full := errors.New("no space left")
	assert.ErrorIs(t, run(t.Context(), failing{full}, io.Discard, nil), full)
}

func TestBadInput(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "")
	for want, args := range map[string][]string{
		`unexpected argument "x"; see -help`:        {"x"},
		`-api must be openai or anthropic, got "x"`: {"-api", "x"},
		"-url and -model need -api":                 {"-url", "x"},
		"-api needs -addr":                          {"-api", "openai"},
		"no key: set OPENAI_API_KEY":                {"-api", "openai", "-addr", "127.0.0.1:0"},
		"listen tcp":                                {"-addr", "127.0.0.1:99999"},
	} {
		assert.ErrorContains(t, run(t.Context(), io.Discard, io.Discard, args), want)
	}
	assert.ErrorIs(t, run(t.Context(), io.Discard, io.Discard, []string{"-help"}), flag.ErrHelp)
}
