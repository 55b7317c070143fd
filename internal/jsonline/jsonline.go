// Package jsonline encodes items as lines of JSON without allocating for each item.
package jsonline

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Format returns a function that appends an item to dst as a line of JSON, with a line
// feed at its end, or returns dst unchanged and an error. It reuses its memory for the
// next item, so only one goroutine at a time can call it. It can be called again after a
// method of an item has panicked.
//
// The options are those of the encoder; options that would spread an item over several lines
// have no effect. Durations are numbers of nanoseconds, as in [encoding/json], unless the
// options change that.
func Format[T any](opts ...json.Options) func(dst []byte, v T) ([]byte, error) {
	opts = slices.Concat([]json.Options{jsonv1.FormatDurationAsNano(true)}, opts, []json.Options{jsontext.Multiline(false)})
	var out appender
	encoder := jsontext.NewEncoder(&out, opts...)
	item := new(T)
	encoding := false
	return func(dst []byte, v T) ([]byte, error) {
		if encoding { // the last item panicked; its encoder cannot be reset
			encoder = jsontext.NewEncoder(&out, opts...)
		}
		encoding = true
		out.dst, *item = dst, v
		err := json.MarshalEncode(encoder, item)
		line := out.dst
		var zero T
		out.dst, *item = nil, zero // keep nothing alive
		encoding = false
		if err != nil {
			encoder.Reset(&out, opts...)
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
