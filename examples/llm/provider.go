package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
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
	// isEnd reports whether an event is the last of a whole answer.
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

// A CutOffError means that the provider has ended an answer before the model had.
type CutOffError struct{ Reason string }

// Error gives the provider's reason, such as "length".
func (e *CutOffError) Error() string { return "the answer is cut off: " + e.Reason }

// answer is the stream of the tokens of the answer to prompt.
//
// The request is sent once: an answer that broke off cannot be resumed, and a new one
// is a different one that costs again. To ask again all the same, put operators.Retry
// around the stream and show the user that the answer begins anew.
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

	client := source.NewClient(source.WithIdleTimeout(time.Minute), source.WithMaxAttempts(3))
	events := operators.CompleteAt(client.ObserveRequest(req), p.isEnd) // without its end it was cut off
	return operators.Filter(operators.TryMap(events, p.text), func(token string) bool { return token != "" }), nil
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
	if ctx.Err() != nil {
		_, err = io.WriteString(stdout, "[interrupted]\n")
	}
	return err
}
