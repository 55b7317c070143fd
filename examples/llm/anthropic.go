package main

import (
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
)

// anthropic is the messages API.
//
// https://docs.anthropic.com/en/api/messages-streaming
var anthropic = provider{
	name:    "anthropic",
	url:     "https://api.anthropic.com/v1/messages",
	model:   "claude-3-5-haiku-latest",
	keyName: "ANTHROPIC_API_KEY",
	authorize: func(header http.Header, key string) {
		header.Set("X-Api-Key", key)
		header.Set("Anthropic-Version", "2023-06-01")
	},
	text:  deltaText,
	isEnd: func(e codec.Event) bool { return e.Type == "message_stop" },
}

// deltaText returns what an event adds to a block of text. It ignores other blocks and
// events, including future ones.
func deltaText(e codec.Event) (string, error) {
	switch e.Type {
	case "content_block_delta":
		var event struct {
			Delta struct {
				Type string `json:"type"`
				Text string `json:"text"`
			} `json:"delta"`
		}
		if err := json.Unmarshal([]byte(e.Data), &event); err != nil {
			return "", err
		}
		if event.Delta.Type == "text_delta" {
			return event.Delta.Text, nil
		}
	case "message_delta":
		var event struct {
			Delta struct {
				StopReason string `json:"stop_reason"`
			} `json:"delta"`
		}
		if err := json.Unmarshal([]byte(e.Data), &event); err != nil {
			return "", err
		}
		if reason := event.Delta.StopReason; reason == "max_tokens" || reason == "refusal" {
			return "", &CutOffError{Reason: reason}
		}
	case "error":
		var event struct {
			Error APIError `json:"error"`
		}
		if err := json.Unmarshal([]byte(e.Data), &event); err != nil {
			return "", err
		}
		return "", &event.Error
	}
	return "", nil
}
