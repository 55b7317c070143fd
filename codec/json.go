package codec

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JSON returns the [Payload] that decodes an event's data as one JSON value, with
// the options of github.com/go-json-experiment/json. If T is a [Message], the value
// is decoded into its Value, and Type and ID are those of the event.
//
// Without options decoding is strict: duplicate names and invalid UTF-8 are errors,
// and names match by case. For the rules of encoding/json use
//
//	codec.Unmarshal[T](json.Unmarshal)
//
// with that package. Errors are a [PayloadError] with the place in the data;
// Err is the SemanticError or SyntacticError of go-json-experiment/json.
func JSON[T any](opts ...json.Options) Payload[T] {
	joined := json.JoinOptions(opts...)
	target := newTarget[T]()
	return func(e Event) (T, error) {
		var v T
		if err := json.Unmarshal(bytesOf(e.Data), target(&v, e), joined); err != nil {
			var zero T
			return zero, jsonError(e, err)
		}
		return v, nil
	}
}

func jsonError(e Event, err error) error {
	p := &PayloadError{Type: e.Type, ID: e.ID, Offset: -1, Err: err}
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic):
		p.Offset, p.Pointer = syntactic.ByteOffset, string(syntactic.JSONPointer)
		p.reason = "invalid JSON"
	case errors.As(err, &semantic):
		p.Offset, p.Pointer = semantic.ByteOffset, string(semantic.JSONPointer)
		p.reason = semanticReason(semantic)
	default:
		p.reason = "cannot decode JSON"
	}
	return p
}

// semanticReason says what did not fit, from the error's types alone: its text
// would quote the value.
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
