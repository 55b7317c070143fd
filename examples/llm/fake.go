package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
)

// demonstrate asks the stand-in: both APIs, one that fails in the middle of its answer, and
// one that does not know the key.
func demonstrate(ctx context.Context, stdout io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: fake(30 * time.Millisecond), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // until it is closed
	}()
	defer func() {
		_ = server.Close()
		<-done
	}()
	url := "http://" + listener.Addr().String()
	for _, q := range []struct {
		p           provider
		path        string
		key, prompt string
	}{
		{openAI, "/v1/chat/completions", "key", "Why are tokens sent one by one?"},
		{anthropic, "/v1/messages", "key", "Why are tokens sent one by one?"},
		{openAI, "/v1/chat/completions", "key", "Please be overloaded."},
		{anthropic, "/v1/messages", "key", "Please hang up."},
		{anthropic, "/v1/messages", "wrong", "Who am I?"},
	} {
		q.p.url = url + q.path
		if _, err := fmt.Fprintf(stdout, "%s> %s\n", q.p.name, q.prompt); err != nil {
			return err
		}
		if err := q.p.print(ctx, stdout, q.key, q.prompt); err != nil {
			if _, err := fmt.Fprintf(stdout, "[%v]\n", err); err != nil {
				return err
			}
		}
	}
	return nil
}

// fake answers as OpenAI and Anthropic document, one token every d. It accepts the key
// "key", and does what the prompt says: be overloaded, or hang up.
func fake(d time.Duration) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		speak(w, r, d, r.Header.Get("Authorization") == "Bearer key", func(token string) []codec.Event {
			return []codec.Event{{Data: `{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":` + quote(token) + `}}]}`}}
		}, codec.Event{Data: `{"error":{"type":"server_error","message":"The server is overloaded."}}`}, []codec.Event{
			{Data: `{"object":"chat.completion.chunk","choices":[],"usage":{"completion_tokens":14}}`},
			{Data: "[DONE]"},
		})
	})
	mux.HandleFunc("POST /v1/messages", func(w http.ResponseWriter, r *http.Request) {
		speak(w, r, d, r.Header.Get("X-Api-Key") == "key", func(token string) []codec.Event {
			return []codec.Event{
				{Type: "content_block_delta", Data: `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":` + quote(token) + `}}`},
				{Type: "ping", Data: `{"type": "ping"}`},
			}
		}, codec.Event{Type: "error", Data: `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`}, []codec.Event{
			{Type: "content_block_stop", Data: `{"type":"content_block_stop","index":0}`},
			{Type: "message_stop", Data: `{"type":"message_stop"}`},
		})
	})
	return mux
}

const saying = "So that nobody has to wait for the last word to read the first."

// speak answers with the saying.
func speak(w http.ResponseWriter, r *http.Request, d time.Duration, known bool, chunk func(token string) []codec.Event, failure codec.Event, end []codec.Event) {
	if !known {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{"message":"invalid API key"}}`)
		return
	}
	question, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	events := codec.NewEncoder(w)
	send := func(all ...codec.Event) {
		for _, e := range all {
			err = errors.Join(err, events.Encode(e))
		}
		err = errors.Join(err, http.NewResponseController(w).Flush())
	}
	for n, token := range strings.SplitAfter(saying, " ") {
		switch {
		case err != nil:
			return // the client has gone
		case n == 7 && strings.Contains(string(question), "overloaded"):
			send(failure)
			return
		case n == 7 && strings.Contains(string(question), "hang up"):
			return
		}
		time.Sleep(d)
		send(chunk(token)...)
	}
	send(end...)
}

func quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // our strings can be encoded
	}
	return string(quoted)
}
