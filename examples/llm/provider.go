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

// A provider is an API that answers token by token.
type provider struct {
	name, url, model string
	keyName          string // of the environment variable
	authorize        func(header http.Header, key string)
	// text returns what an event adds to the answer, often nothing, or the error in the
	// event.
	text func(codec.Event) (string, error)
	// isEnd reports whether an event is the last of a complete answer.
	isEnd func(codec.Event) bool
}

var providers = []provider{openAI, anthropic}

// An APIError is an error that a provider reports within its answer, after status 200.
type APIError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// Error returns the provider's message.
func (e *APIError) Error() string {
	return fmt.Sprintf("the answer broke off: %s: %s", e.Type, e.Message)
}

// A CutOffError means that the provider ended an answer before the model did.
type CutOffError struct{ Reason string }

// Error contains the provider's reason, such as "length".
func (e *CutOffError) Error() string { return "the answer is cut off: " + e.Reason }

// answer returns the tokens of the answer to prompt as a stream.
//
// The request is sent once: a broken answer cannot be resumed, and a new one would differ
// and cost more. To ask again anyway, put operators.Retry around the stream and show the
// user that the answer starts over.
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
	events := operators.CompleteAt(client.ObserveRequest(req), p.isEnd) // without the end event it was cut off
	return operators.Filter(operators.TryMap(events, p.text), func(token string) bool { return token != "" }), nil
}

// print writes the answer to prompt as it arrives. Ctrl-C ends the request, so the provider
// stops writing and charging.
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
