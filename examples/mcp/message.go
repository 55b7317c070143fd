package main

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// A Message is a JSON-RPC message: a request has an ID and a method, a notification
// only a method, a response an ID and a result or an error.
type Message struct {
	Version string         `json:"jsonrpc"`
	ID      jsontext.Value `json:"id,omitzero"`
	Method  string         `json:"method,omitzero"`
	Params  jsontext.Value `json:"params,omitzero"`
	Result  jsontext.Value `json:"result,omitzero"`
	Error   *RPCError      `json:"error,omitzero"`
}

// An RPCError is the error of a JSON-RPC response.
type RPCError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Error returns the server's message and code.
func (e *RPCError) Error() string {
	return fmt.Sprintf("the server answers with an error: %s (code %d)", e.Message, e.Code)
}

const methodNotFound = -32601
