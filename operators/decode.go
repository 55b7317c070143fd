package operators

import (
	"context"
	"errors"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A DecodeOption configures [Decode] and [DecodeJSON].
type DecodeOption func(*decodeOptions)

type decodeOptions struct {
	invalid func(codec.Event, error)
}

// SkipInvalid passes each event that cannot be decoded to handle, with the error, and
// continues with the next event. Without it, the first such event ends the stream. handle
// runs on the consumer's goroutine; if it is nil, events are skipped silently.
func SkipInvalid(handle func(event codec.Event, err error)) DecodeOption {
	if handle == nil {
		handle = func(codec.Event, error) {}
	}
	return func(o *decodeOptions) { o.invalid = handle }
}

// Decode delivers payload(e) for each event e of src. It drops comments and changes of the
// reconnection time, which have no payload.
//
//	src:           --{"n":1}--{"n":2}--{"n":oops
//	Decode(json):  --1--------2--------#
//
// If payload fails, Decode releases src and fails with a [codec.PayloadError], which names
// the event and wraps the error if it has another type. To continue with the next event,
// use [SkipInvalid].
//
// Synchronous. It ends as src does.
func Decode[T any](src rxsse.Observable[codec.Event], payload codec.Payload[T], opts ...DecodeOption) rxsse.Observable[T] {
	mustNotBeNil("Decode: src", src == nil)
	mustNotBeNil("Decode: payload", payload == nil)
	var o decodeOptions
	for _, opt := range opts {
		opt(&o)
	}
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(e codec.Event, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				if e.Kind() != codec.KindMessage {
					return true
				}
				v, err := payload(e)
				if err == nil {
					return yield(v, nil)
				}
				err = asPayloadError(e, err)
				if o.invalid == nil {
					return fail(yield, err)
				}
				o.invalid(e, err)
				return true
			})
		}
	}
}

// asPayloadError returns err, or a PayloadError that wraps it, so that it names the
// event.
func asPayloadError(e codec.Event, err error) error {
	var invalid *codec.PayloadError
	if errors.As(err, &invalid) {
		return err
	}
	return &codec.PayloadError{Type: e.Type, ID: e.ID, Offset: -1, Err: err}
}

// DecodeJSON delivers the data of each event of src, decoded as a JSON value of type T. It
// is [Decode] with [codec.JSON]. Synchronous.
//
//	trades := operators.DecodeJSON[Trade](operators.EventType(events, "trade"))
func DecodeJSON[T any](src rxsse.Observable[codec.Event], opts ...DecodeOption) rxsse.Observable[T] {
	mustNotBeNil("DecodeJSON: src", src == nil)
	return Decode(src, codec.JSON[T](), opts...)
}
