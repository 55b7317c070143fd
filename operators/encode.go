package operators

import (
	"context"
	"fmt"
	"iter"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// EncodeJSON turns each item into an event with the item as JSON and the given type, or ""
// for the default type. It reverses [DecodeJSON]. The events have no IDs; to keep those of
// messages, use [EncodeMessages].
//
//	src:                     --{1}-----{2}--|
//	EncodeJSON(src, "new"):  --e-------e----|
//
// The options are those of [github.com/go-json-experiment/json], such as
// json.StringifyNumbers(true).
//
// An item that cannot be encoded ends the stream with an error that wraps the encoder's.
// Synchronous. It ends as src does.
func EncodeJSON[T any](src rxsse.Observable[T], eventType string, opts ...json.Options) rxsse.Observable[codec.Event] {
	mustNotBeNil("EncodeJSON: src", src == nil)
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			encode := newJSONEncoder[T](opts...)
			TryMap(src, func(v T) (codec.Event, error) {
				data, err := encode(v)
				if err != nil {
					return codec.Event{}, fmt.Errorf("operators: EncodeJSON: %w", err)
				}
				return codec.Event{Type: eventType, Data: data}, nil
			})(ctx)(yield)
		}
	}
}
