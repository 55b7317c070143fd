package main

import (
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
)

// anthropic is the messages API.
//
// https://docs.anthropic.com/en/api/messages-streaming
var anthropic = api{
	url:     "https://api.anthropic.com/v1/messages",
	model:   "claude-3-5-haiku-latest",
	keyName: "ANTHROPIC_API_KEY",
	authorize: func(header http.Header, key string) {
		header.Set("X-Api-Key", key)
		header.Set("Anthropic-Version", "2023-06-01")
	},
	newReader: func() func(codec.Event) ([]Part, error) { return new(anthropicAnswer).read },
}

// An anthropicAnswer assembles an answer. A tool call is a block: its start has the ID and
// the name, and each delta has a piece of the arguments.
type anthropicAnswer struct {
	calls  []ToolCall
	reason string
}

func (a *anthropicAnswer) read(e codec.Event) ([]Part, error) {
	var event struct {
		Block struct {
			Type string `json:"type"`
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"content_block"`
		Delta struct {
			Type       string `json:"type"`
			Text       string `json:"text"`
			JSON       string `json:"partial_json"`
			StopReason string `json:"stop_reason"`
		} `json:"delta"`
		Error APIError `json:"error"`
	}
	if err := json.Unmarshal([]byte(e.Data), &event); err != nil {
		return nil, err
	}
	switch e.Type {
	case "error":
		return nil, &event.Error
	case "content_block_start":
		if event.Block.Type == "tool_use" {
			if len(a.calls) == maxTools {
				return nil, &APIError{Type: "invalid tool call", Message: "there are too many"}
			}
			a.calls = append(a.calls, ToolCall{ID: event.Block.ID, Name: event.Block.Name})
		}
	case "content_block_delta":
		switch {
		case event.Delta.Type == "text_delta":
			return []Part{{Kind: Token, Text: event.Delta.Text}}, nil
		case event.Delta.Type == "input_json_delta" && len(a.calls) > 0:
			a.calls[len(a.calls)-1].Arguments += event.Delta.JSON
		}
	case "message_delta":
		a.reason = event.Delta.StopReason
	case "message_stop":
		if cutOff := a.reason != "end_turn" && a.reason != "tool_use" && a.reason != "stop_sequence"; cutOff {
			return []Part{{Kind: Done, Reason: a.reason, CutOff: true}}, nil
		}
		return append(tools(a.calls), Part{Kind: Done, Reason: a.reason}), nil
	}
	return nil, nil
}
