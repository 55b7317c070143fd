package operators

import (
	"context"
	"fmt"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/jsonline"
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
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			format := jsonline.Format[T]()
			var buf []byte
			TryMap(src, func(v T) (codec.Event, error) {
				line, err := format(buf[:0], v)
				if err != nil {
					return codec.Event{}, fmt.Errorf("operators: EncodeJSON: %w", err)
				}
				if cap(line) <= maxKeptLine {
					buf = line
				}
				return codec.Event{Type: eventType, Data: string(line[:len(line)-1])}, nil
			})(ctx)(yield)
		}
	}
}

// maxKeptLine is the size up to which a buffer is kept for the next item.
const maxKeptLine = 64 << 10
