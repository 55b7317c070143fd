package operators

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// EncodeJSON makes an event of each item, with the item as JSON for its data and
// the given type, "" for the default one: the way back from [DecodeJSON]. The
// events have no IDs.
//
//	src:                     --{1}-----{2}--|
//	EncodeJSON(src, "new"):  --e-------e----|
//
// An item that cannot be encoded ends the stream with an error that wraps the
// encoder's. On completion, error and cancel it ends as src does. It runs on the
// consumer's goroutine and holds nothing.
func EncodeJSON[T any](src rxsse.Observable[T], eventType string) rxsse.Observable[codec.Event] {
	return TryMap(src, func(v T) (codec.Event, error) {
		data, err := json.Marshal(v)
		if err != nil {
			return codec.Event{}, fmt.Errorf("operators: EncodeJSON: %w", err)
		}
		return codec.Event{Type: eventType, Data: string(data)}, nil
	})
}
