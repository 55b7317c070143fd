package main

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rxsse/rxsse/codec"
)

// openAI is the chat-completions API, whose format Groq, Mistral, OpenRouter, llama.cpp,
// Ollama and others also use.
//
// https://platform.openai.com/docs/api-reference/chat-streaming
var openAI = provider{
	name:      "openai",
	url:       "https://api.openai.com/v1/chat/completions",
	model:     "gpt-4o-mini",
	keyName:   "OPENAI_API_KEY",
	authorize: func(header http.Header, key string) { header.Set("Authorization", "Bearer "+key) },
	text:      chunkText,
	isEnd:     func(e codec.Event) bool { return e.Data == "[DONE]" },
}

// chunkText returns what a chunk adds to the first choice. Some servers send an error as an
// event of that type, some as a chunk, some in a part of a chunk.
func chunkText(e codec.Event) (string, error) {
	var chunk struct {
		Choices []struct {
			Delta struct {
				Content jsontext.Value `json:"content"`
			} `json:"delta"`
			FinishReason string    `json:"finish_reason"`
			Error        *APIError `json:"error"`
		} `json:"choices"`
		Error *APIError `json:"error"`
	}
	if err := json.Unmarshal([]byte(e.Data), &chunk); err != nil {
		return "", err
	}
	if chunk.Error != nil {
		return "", chunk.Error
	}
	if len(chunk.Choices) == 0 {
		return "", nil // the count of tokens
	}
	if chunk.Choices[0].Error != nil {
		return "", chunk.Choices[0].Error
	}
	content := chunk.Choices[0].Delta.Content
	if reason := chunk.Choices[0].FinishReason; reason == "length" || reason == "content_filter" {
		return "", &CutOffError{Reason: reason}
	}
	if content.Kind() != '"' {
		return "", nil // none, or parts that are not for the reader, such as Mistral's reasoning
	}
	var text string
	err := json.Unmarshal(content, &text)
	return text, err
}
