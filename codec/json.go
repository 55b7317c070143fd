package codec

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JSON returns the [Payload] that decodes an event's data as one JSON value, with the
// options of github.com/go-json-experiment/json. If T is a [Message], the value is decoded
// into its Value, and Type and ID are those of the event.
//
// Without options, decoding is strict: duplicate names and invalid UTF-8 are errors, and
// names are case-sensitive. An error is a [PayloadError] with the place in the data; its
// Err is the SemanticError or SyntacticError of go-json-experiment/json.
//
// # Other JSON libraries
//
// To decode with another library, pass its [Unmarshal] function to Unmarshal. The table
// shows the time that each takes for a trade of 80 bytes and for a status of 3 KB, relative
// to JSON:
//
//	JSON                    1     1     strict; no unsafe, no assembly
//	encoding/json           2.5   2.0   for types that rely on its rules
//	segmentio/encoding      0.7   0.9   ends the process on deeply nested input
//	bytedance/sonic         0.7   0.5   uses unsafe, and makes machine code at run time
//	goccy/go-json           0.35  0.35  uses unsafe
//
// All others accept duplicate names, names in another case, invalid UTF-8 and lone
// surrogates. In the module benchmarks, "go run ./cmd/report -only json" measures them on
// your machine. encoding/json/v2, experimental since Go 1.25, is as strict as JSON.
func JSON[T any](opts ...json.Options) Payload[T] {
	joined := json.JoinOptions(opts...)
	decode := decodeWith[T](func(data []byte, v any) error { return json.Unmarshal(data, v, joined) })
	return func(e Event) (T, error) {
		v, err := decode(e)
		if err != nil {
			err = jsonError(e, err)
		}
		return v, err
	}
}

func jsonError(e Event, err error) error {
	p := &PayloadError{Type: e.Type, ID: e.ID, Offset: -1, Err: err, reason: "invalid JSON"}
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic):
		p.Offset, p.Pointer = syntactic.ByteOffset, string(syntactic.JSONPointer)
	case errors.As(err, &semantic):
		p.Offset, p.Pointer = semantic.ByteOffset, string(semantic.JSONPointer)
		p.reason = semanticReason(semantic)
	}
	return p
}

// semanticReason describes what did not fit by the error's types alone, because the text
// of the error quotes the value.
func semanticReason(err *json.SemanticError) string {
	reason := "JSON " + kindName(err.JSONKind) + " does not fit"
	if err.GoType != nil {
		reason += " Go " + err.GoType.String()
	}
	if errors.Is(err, json.ErrUnknownName) {
		reason = "unknown JSON member name"
	}
	return reason
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '0':
		return "number"
	case '{', '}':
		return "object"
	case '[', ']':
		return "array"
	default:
		return "value"
	}
}
