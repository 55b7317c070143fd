package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A DecodeOption says what [Decode] and [DecodeJSON] do with events that cannot
// be decoded.
type DecodeOption func(*decoding)

type decoding struct {
	invalid func(codec.Event, error)
}

// SkipInvalid passes each event that cannot be decoded to handle, with the error,
// and goes on with the next, where Decode otherwise ends the stream with that
// error. handle runs on the consumer's goroutine; nil skips in silence.
func SkipInvalid(handle func(event codec.Event, err error)) DecodeOption {
	if handle == nil {
		handle = func(codec.Event, error) {}
	}
	return func(d *decoding) { d.invalid = handle }
}

// Decode delivers what payload makes of each event of src. Comments and changes
// of the reconnection time, which have no payload, are passed over.
//
//	src:           --{"n":1}--{"n":2}--{"n":oops
//	Decode(json):  --1--------2--------#
//
// If payload fails, that error ends the stream, and src is released; see
// [SkipInvalid] to go on. On completion, error and cancel it ends as src does. It
// runs on the consumer's goroutine and holds nothing.
func Decode[T any](src rxsse.Observable[codec.Event], payload codec.Payload[T], opts ...DecodeOption) rxsse.Observable[T] {
	mustNotBeNil("Decode: src", src == nil)
	mustNotBeNil("Decode: payload", payload == nil)
	var d decoding
	for _, opt := range opts {
		opt(&d)
	}
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var zero T
			src(ctx)(func(e codec.Event, err error) bool {
				if err != nil {
					yield(zero, err)
					return false
				}
				if e.Type == "" {
					return true
				}
				v, err := payload(e)
				if err == nil {
					return yield(v, nil)
				}
				if d.invalid == nil {
					yield(zero, err)
					return false
				}
				d.invalid(e, err)
				return true
			})
		}
	}
}

// DecodeJSON delivers the data of each event of src, decoded as a JSON value of
// type T: it is [Decode] with [codec.JSON], whose errors are a
// [codec.PayloadError] that names the event and the place in it.
//
//	trades := operators.DecodeJSON[Trade](operators.EventType(events, "trade"))
func DecodeJSON[T any](src rxsse.Observable[codec.Event], opts ...DecodeOption) rxsse.Observable[T] {
	mustNotBeNil("DecodeJSON: src", src == nil)
	return Decode(src, codec.JSON[T](), opts...)
}
