// Package jsonline encodes items as lines of JSON, one after the other, without
// allocating anything for each.
package jsonline

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Format returns a function that appends an item to dst as a line of JSON, with a
// line feed at its end, or returns dst as it is and an error. It uses what it has
// allocated again for the next item, and so is for one goroutine at a time.
func Format[T any]() func(dst []byte, v T) ([]byte, error) {
	var out appender
	encoder := jsontext.NewEncoder(&out)
	item := new(T)
	return func(dst []byte, v T) ([]byte, error) {
		out.dst, *item = dst, v
		err := json.MarshalEncode(encoder, item)
		line := out.dst
		var none T
		out.dst, *item = nil, none // keep nothing alive
		if err != nil {
			encoder.Reset(&out)
			return dst, err
		}
		return line, nil
	}
}

// An appender is a writer that appends to a slice.
type appender struct{ dst []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.dst = append(a.dst, p...)
	return len(p), nil
}
