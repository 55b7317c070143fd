package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDemonstration(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, nil))
	whole, refused, _ := strings.Cut(out.String(), "anthropic> Who am I?\n")
	assert.Equal(t, `openai> Why are tokens sent one by one?
So that nobody has to wait for the last word to read the first.
anthropic> Why are tokens sent one by one?
So that nobody has to wait for the last word to read the first.
openai> Please be overloaded.
So that nobody has to wait for 
[the answer broke off: server_error: The server is overloaded.]
anthropic> Please hang up.
So that nobody has to wait for 
[operators: CompleteAt: the stream completed before its end item: unexpected EOF]
`, whole)
	assert.Regexp(t, `\[source: POST http://127\.0\.0\.1:\d+/v1/messages: .*401.*invalid API key.*\]\n$`, refused)
}

// The flags, against the stand-in under another URL.
func TestAnotherServer(t *testing.T) {
	server := httptest.NewServer(fake(0))
	defer server.Close()
	t.Setenv("ANTHROPIC_API_KEY", "key")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"-provider", "anthropic", "-url", server.URL + "/v1/messages", "-model", "m", "Hello", "you"}))
	assert.Equal(t, saying+"\n", out.String())
}

// Tokens are printed as they are sent, and an interrupt ends the request.
func TestInterrupt(t *testing.T) {
	server := httptest.NewServer(fake(20 * time.Millisecond))
	defer server.Close()
	p := openAI
	p.url = server.URL + "/v1/chat/completions"
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	require.NoError(t, p.print(ctx, &out, "key", "Hello"))
	answer, interrupted := strings.CutSuffix(out.String(), "\n[interrupted]\n")
	assert.True(t, interrupted)
	assert.NotEmpty(t, answer)
	assert.True(t, strings.HasPrefix(saying, answer))
	assert.Less(t, out.Len(), len(saying))
}

// An answer that the provider ended too early is an error with the reason.
func TestCutOff(t *testing.T) {
	_, err := openAI.text(codec.Event{Data: `{"choices":[{"delta":{},"finish_reason":"length"}]}`})
	assert.EqualError(t, err, "the answer is cut off: length")
	_, err = openAI.text(codec.Event{Data: `{"choices":[{"delta":{},"finish_reason":"stop"}]}`})
	assert.NoError(t, err)
	_, err = anthropic.text(codec.Event{Type: "message_delta", Data: `{"delta":{"stop_reason":"max_tokens"}}`})
	assert.EqualError(t, err, "the answer is cut off: max_tokens")
	_, err = anthropic.text(codec.Event{Type: "message_delta", Data: `{"delta":{"stop_reason":"end_turn"}}`})
	assert.NoError(t, err)
}

// Recorded answers of real servers. Anthropic's end without the blank line that would
// complete their last event.
func TestRecordedAnswers(t *testing.T) {
	corpus := os.Getenv("RXSSE_CORPUS")
	if corpus == "" {
		t.Skip("RXSSE_CORPUS is not set")
	}
	for _, c := range []struct {
		file    string
		p       provider
		want    string // how the answer begins and
		end     string // ends
		failure string
	}{
		{"openai-chat-1.sse", openAI, "1,", "5", ""},
		{"mistral-chat.sse", openAI, "", ".", ""},
		{"groq-event-error.sse", openAI, "", "", "Tool call validation failed"},
		{"anthropic-sdk-basic.sse", anthropic, "Hello", " there!", "unexpected EOF"},
		{"anthropic-sdk-tool-use.sse", anthropic, "I'll check", "Paris for you.", "unexpected EOF"},
	} {
		t.Run(c.file, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join(corpus, "recorded", c.file))
			require.NoError(t, err)
			var events []codec.Event
			for e, err := range codec.NewDecoder(bytes.NewReader(body)).Events() {
				require.NoError(t, err)
				events = append(events, e)
			}
			texts := operators.TryMap(operators.CompleteAt(source.Just(events...), c.p.isEnd), c.p.text)
			answer, err := sink.Reduce(t.Context(), texts, "", func(all, token string) (string, error) { return all + token, nil })
			if c.failure == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.failure)
			}
			assert.True(t, strings.HasPrefix(answer, c.want), answer)
			assert.True(t, strings.HasSuffix(strings.TrimSpace(answer), c.end), answer)
		})
	}
}

func TestBadInput(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "")
	for want, args := range map[string][]string{
		"say with -provider which API it is":                 {"Hello"},
		`-provider must be openai or anthropic, got "x"`:     {"-provider", "x", "Hello"},
		"what is the question? give it as the last argument": {"-provider", "openai"},
		"no key: set OPENAI_API_KEY":                         {"-provider", "openai", "Hello"},
	} {
		assert.ErrorContains(t, run(t.Context(), io.Discard, args), want)
	}
	assert.ErrorIs(t, run(t.Context(), io.Discard, []string{"-help"}), flag.ErrHelp)
}
