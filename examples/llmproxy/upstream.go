package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
)

// An upstream stands in for the models of both APIs. It accepts the key "key". The first
// word of the prompt selects its answer.
type upstream struct {
	pause     time.Duration // between two tokens
	running   atomic.Int32  // requests being answered
	cancelled atomic.Int32  // requests whose client left before the end
}

const (
	openAIPath    = "/v1/chat/completions"
	anthropicPath = "/v1/messages"
)

// A script is the events of an answer. An event without data breaks the connection;
// one of type "endless" is repeated until the client leaves.
type script []codec.Event

// scripts holds the answers of each API.
var scripts = map[string]map[string]script{
	openAIPath: {
		"why": {openAIToken("So that "), openAIToken("you can "), openAIToken("read on."), openAIEnd("stop"), openAIDone},
		"weather": {
			{Data: `{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"weather","arguments":"{\"city\":"}}]}}]}`},
			{Data: `{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Paris\"}"}}]}}]}`},
			openAIEnd("tool_calls"), openAIDone,
		},
		"story":   {openAIToken("Once upon "), openAIToken("a time"), openAIEnd("length"), openAIDone},
		"fail":    {openAIToken("Well, "), {Data: `{"error":{"type":"server_error","message":"overloaded"}}`}},
		"hang":    {openAIToken("Well, "), {}},
		"endless": {openAIToken("and so on, "), {Type: "endless"}},
	},
	anthropicPath: {
		"why": {anthropicToken("So that "), {Type: "ping", Data: `{"type":"ping"}`}, anthropicToken("you can "), anthropicToken("read on."), anthropicEnd("end_turn"), anthropicStop},
		"weather": {
			{Type: "content_block_start", Data: `{"content_block":{"type":"tool_use","id":"call_1","name":"weather","input":{}}}`},
			{Type: "content_block_delta", Data: `{"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}`},
			{Type: "content_block_delta", Data: `{"delta":{"type":"input_json_delta","partial_json":"\"Paris\"}"}}`},
			anthropicEnd("tool_use"), anthropicStop,
		},
		"story":   {anthropicToken("Once upon "), anthropicToken("a time"), anthropicEnd("max_tokens"), anthropicStop},
		"fail":    {anthropicToken("Well, "), {Type: "error", Data: `{"error":{"type":"overloaded_error","message":"overloaded"}}`}},
		"hang":    {anthropicToken("Well, "), {}},
		"endless": {anthropicToken("and so on, "), {Type: "endless"}},
	},
}

var (
	openAIDone    = codec.Event{Data: "[DONE]"}
	anthropicStop = codec.Event{Type: "message_stop", Data: `{"type":"message_stop"}`}
)

func openAIToken(text string) codec.Event {
	return codec.Event{Data: fmt.Sprintf(`{"choices":[{"delta":{"content":%q},"finish_reason":null}]}`, text)}
}

func openAIEnd(reason string) codec.Event {
	return codec.Event{Data: fmt.Sprintf(`{"choices":[{"delta":{},"finish_reason":%q}]}`, reason)}
}

func anthropicToken(text string) codec.Event {
	return codec.Event{Type: "content_block_delta", Data: fmt.Sprintf(`{"delta":{"type":"text_delta","text":%q}}`, text)}
}

func anthropicEnd(reason string) codec.Event {
	return codec.Event{Type: "message_delta", Data: fmt.Sprintf(`{"delta":{"stop_reason":%q}}`, reason)}
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.running.Add(1)
	defer u.running.Add(-1)
	answers, found := scripts[r.URL.Path]
	switch {
	case !found:
		http.NotFound(w, r)
		return
	case r.Header.Get("Authorization") != "Bearer key" && r.Header.Get("X-Api-Key") != "key":
		http.Error(w, `{"error":{"message":"invalid API key"}}`, http.StatusUnauthorized)
		return
	}
	var question struct {
		Messages []struct {
			Content string `json:"content"`
		} `json:"messages"`
	}
	if err := json.UnmarshalRead(r.Body, &question); err != nil || len(question.Messages) != 1 {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	word, _, _ := strings.Cut(strings.ToLower(question.Messages[0].Content), " ")
	if word == "busy" {
		w.Header().Set("Retry-After", "7")
		http.Error(w, "slow down", http.StatusTooManyRequests)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	u.play(w, r, answers[word])
}

func (u *upstream) play(w http.ResponseWriter, r *http.Request, s script) {
	events, flush := codec.NewEncoder(w), http.NewResponseController(w).Flush
	for i := 0; i < len(s); i++ {
		select {
		case <-r.Context().Done():
			u.cancelled.Add(1)
			return
		case <-time.After(u.pause):
		}
		switch {
		case s[i].Type == "endless":
			i -= 2
			continue
		case s[i].Data == "":
			panic(http.ErrAbortHandler)
		}
		if events.Encode(s[i]) != nil || flush() != nil {
			u.cancelled.Add(1)
			return
		}
	}
}
