package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A provider is an API for answers that come token by token.
type provider struct {
	name, url, model string
	keyName          string // of the environment variable
	authorize        func(header http.Header, key string)
	// text returns what an event adds to the answer, often nothing, or the error that
	// it brings.
	text func(codec.Event) (string, error)
	// isEnd tells the event after which the answer is whole.
	isEnd func(codec.Event) bool
}

var providers = []provider{openAI, anthropic}

// An APIError is what a provider reports in the midst of its answer, when the status
// of the response has long been 200.
type APIError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// Error gives the provider's words.
func (e *APIError) Error() string {
	return fmt.Sprintf("the answer broke off: %s: %s", e.Type, e.Message)
}

// answer is the stream of the tokens of the answer to prompt.
//
// The request is sent once: an answer that has broken off cannot be resumed, a new
// one is another one, and costs. Who wants that puts operators.Retry around it, and
// shows the user that it begins anew.
func (p *provider) answer(key, prompt string) (rxsse.Observable[string], error) {
	body, err := json.Marshal(map[string]any{
		"model":      p.model,
		"max_tokens": 1024,
		"stream":     true,
		"messages":   []map[string]string{{"role": "user", "content": prompt}},
	})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	p.authorize(req.Header, key)

	client := source.NewClient(source.WithMaxAttempts(0), source.WithIdleTimeout(time.Minute))
	events := untilEnd(client.ObserveRequest(req), p.isEnd)
	return operators.Filter(operators.TryMap(events, p.text), func(token string) bool { return token != "" }), nil
}

// untilEnd is events up to the one that isEnd tells. A stream that ends without it has
// been cut off, however orderly that was.
func untilEnd(events rxsse.Observable[codec.Event], isEnd func(codec.Event) bool) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for e, err := range events(ctx) {
				switch {
				case err != nil:
					yield(codec.Event{}, err)
					return
				case isEnd(e):
					return
				case !yield(e, nil):
					return
				}
			}
			yield(codec.Event{}, fmt.Errorf("the answer is cut off: %w", io.ErrUnexpectedEOF))
		}
	}
}

// print writes the answer to prompt as it comes. Ctrl-C ends it, and the provider
// stops writing, and charging.
func (p *provider) print(ctx context.Context, stdout io.Writer, key, prompt string) error {
	tokens, err := p.answer(key, prompt)
	if err != nil {
		return err
	}
	err = sink.ForEach(ctx, tokens, func(token string) error {
		_, err := io.WriteString(stdout, token)
		return err
	})
	if _, writing := io.WriteString(stdout, "\n"); writing != nil {
		return writing
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}
