package main

import (
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
)

// openAI is the chat-completions API, whose format many other servers also use.
//
// https://platform.openai.com/docs/api-reference/chat-streaming
var openAI = api{
	url:       "https://api.openai.com/v1/chat/completions",
	model:     "gpt-4o-mini",
	keyName:   "OPENAI_API_KEY",
	authorize: func(header http.Header, key string) { header.Set("Authorization", "Bearer "+key) },
	newReader: func() func(codec.Event) ([]Part, error) { return new(openAIAnswer).read },
}

// An openAIAnswer assembles an answer. Its tool calls arrive in pieces: the first has the
// ID and the name, and each has a piece of the arguments.
type openAIAnswer struct {
	calls  []ToolCall
	reason string
}

func (a *openAIAnswer) read(e codec.Event) ([]Part, error) {
	if e.Data == "[DONE]" {
		return a.end(), nil
	}
	var chunk struct {
		Choices []struct {
			Delta struct {
				Content   string `json:"content"`
				ToolCalls []struct {
					Index    int    `json:"index"`
					ID       string `json:"id"`
					Function struct {
						Name      string `json:"name"`
						Arguments string `json:"arguments"`
					} `json:"function"`
				} `json:"tool_calls"`
			} `json:"delta"`
			FinishReason string `json:"finish_reason"`
		} `json:"choices"`
		Error *APIError `json:"error"`
	}
	if err := json.Unmarshal([]byte(e.Data), &chunk); err != nil {
		return nil, err
	}
	if chunk.Error != nil {
		return nil, chunk.Error
	}
	if len(chunk.Choices) == 0 {
		return nil, nil // the count of tokens
	}
	choice := chunk.Choices[0]
	if choice.FinishReason != "" {
		a.reason = choice.FinishReason
	}
	for _, piece := range choice.Delta.ToolCalls {
		if piece.Index < 0 || piece.Index > len(a.calls) || piece.Index >= maxTools {
			return nil, &APIError{Type: "invalid tool call", Message: "its index is out of order"}
		}
		if piece.Index == len(a.calls) {
			a.calls = append(a.calls, ToolCall{ID: piece.ID, Name: piece.Function.Name})
		}
		a.calls[piece.Index].Arguments += piece.Function.Arguments
	}
	if choice.Delta.Content == "" {
		return nil, nil
	}
	return []Part{{Kind: Token, Text: choice.Delta.Content}}, nil
}

// maxTools bounds the number of tool calls in an answer.
const maxTools = 128

// end returns the tool calls and the end. If the answer was cut off, its tool calls are
// incomplete: do not run them.
func (a *openAIAnswer) end() []Part {
	if cutOff := a.reason != "stop" && a.reason != "tool_calls"; cutOff {
		return []Part{{Kind: Done, Reason: a.reason, CutOff: true}}
	}
	return append(tools(a.calls), Part{Kind: Done, Reason: a.reason})
}

func tools(calls []ToolCall) []Part {
	parts := make([]Part, 0, len(calls)+1)
	for _, call := range calls {
		parts = append(parts, Part{Kind: Tool, Tool: &call})
	}
	return parts
}
