package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A Part is a part of an answer, for the page: the next piece of its text, a whole tool
// call, or its end. It is sent as an event of type Kind.
type Part struct {
	Kind   Kind      `json:"-"`
	Text   string    `json:"text,omitzero"`
	Tool   *ToolCall `json:"tool,omitzero"`
	Reason string    `json:"reason,omitzero"` // of the end, in the words of the API
	CutOff bool      `json:"cutOff,omitzero"` // the answer is incomplete
}

// A Kind is the type of the event that carries a Part.
type Kind string

// The kinds of a Part.
const (
	Token Kind = "token"
	Tool  Kind = "tool"
	Done  Kind = "done"
)

// A ToolCall is a call of a function that the model requests.
type ToolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"` // JSON, not always valid
}

// An api is the format of a provider.
type api struct {
	url, model string
	keyName    string // of the environment variable
	authorize  func(header http.Header, key string)
	// newReader returns a function that turns the events of one answer into parts. The
	// last part is Done.
	newReader func() func(codec.Event) ([]Part, error)
}

// An APIError is an error that a provider reports within its answer, after status 200.
type APIError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// Error contains the provider's message.
func (e *APIError) Error() string { return "the model reports an error: " + e.Type + ": " + e.Message }

// A proxy passes prompts of pages to a language model and streams its answers. The key stays
// on the server.
type proxy struct {
	api    api
	key    string
	client *source.Client
	log    *slog.Logger
}

func newProxy(a api, key string, log *slog.Logger) *proxy {
	return &proxy{api: a, key: key, log: log, client: source.NewClient(
		source.WithConnectTimeout(30*time.Second),
		source.WithIdleTimeout(time.Minute),
	)}
}

// ServeHTTP answers a POST whose body is the prompt. When the page leaves, the context of
// its request ends, which also ends the request to the model.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	prompt, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		http.Error(w, "the prompt is too long", http.StatusRequestEntityTooLarge)
		return
	}
	req, err := p.request(string(prompt))
	if err != nil {
		http.Error(w, "the proxy is misconfigured", http.StatusInternalServerError)
		p.log.Error("no request", "err", err)
		return
	}
	// A session, because the page should get a status if the model refuses.
	session, err := p.client.OpenRequest(r.Context(), req)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	defer session.Close()
	answer := parts(session.Observe(), p.api.newReader())
	err = sink.Serve(w, r, operators.TryMap(answer, Part.event), sink.ServeErrorEvent(errorEvent))
	switch {
	case r.Context().Err() != nil:
		p.log.Info("the page has left; the model stops writing")
	case err != nil:
		p.log.Warn("the answer broke off", "err", err)
	}
}

// request builds the request for the model.
func (p *proxy) request(prompt string) (*http.Request, error) {
	body, err := json.Marshal(map[string]any{
		"model":      p.api.model,
		"max_tokens": 1024,
		"stream":     true,
		"messages":   []map[string]string{{"role": "user", "content": prompt}},
	})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, p.api.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	p.api.authorize(req.Header, p.key)
	return req, nil
}

// refuse answers the page if the model refuses. The reason goes only to the log, because it
// is for the owner of the key.
func (p *proxy) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return
	}
	p.log.Warn("no answer", "err", err)
	var failed *source.Error
	if errors.As(err, &failed) && failed.StatusCode == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", failed.Header.Get("Retry-After"))
		http.Error(w, "too many prompts at the moment", http.StatusTooManyRequests)
		return
	}
	http.Error(w, "the model does not answer", http.StatusBadGateway)
}

// parts turns the events of an answer into parts and completes after Done. An answer without
// Done was cut off, even if its connection ended cleanly.
func parts(events rxsse.Observable[codec.Event], read func(codec.Event) ([]Part, error)) rxsse.Observable[Part] {
	return func(ctx context.Context) iter.Seq2[Part, error] {
		return func(yield func(Part, error) bool) {
			for e, err := range events(ctx) {
				if err != nil {
					yield(Part{}, err)
					return
				}
				next, err := read(e)
				if err != nil {
					yield(Part{}, err)
					return
				}
				for _, part := range next {
					if !yield(part, nil) || part.Kind == Done {
						return
					}
				}
			}
			yield(Part{}, fmt.Errorf("the answer has no end: %w", io.ErrUnexpectedEOF))
		}
	}
}

// event encodes a part for the page.
func (p Part) event() (codec.Event, error) {
	data, err := json.Marshal(p)
	return codec.Event{Type: string(p.Kind), Data: string(data)}, err
}

// errorEvent is the last event of an answer that failed. The page gets only a message of
// the model; other reasons are in the log.
func errorEvent(err error) codec.Event {
	text := "the answer broke off"
	var reported *APIError
	if errors.As(err, &reported) {
		text = reported.Error()
	}
	data, err := json.Marshal(map[string]string{"message": text})
	if err != nil {
		panic(err) // a string can be encoded
	}
	return codec.Event{Type: "failure", Data: string(data)} // EventSource has an event "error" of its own
}
