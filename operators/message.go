package operators

import (
	"context"
	"fmt"
	"iter"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/jsonline"
)

// MapValue is [Map] for the values of messages. Each message keeps its type and ID, and
// thus its position.
//
//	src:                  --{id 1, 2}--{id 2, 3}--|
//	MapValue(src, x=>2x): --{id 1, 4}--{id 2, 6}--|
//
// Synchronous. It ends as src does.
func MapValue[T, R any](src rxsse.Observable[codec.Message[T]], f func(T) R) rxsse.Observable[codec.Message[R]] {
	mustNotBeNil("MapValue: src", src == nil)
	mustNotBeNil("MapValue: f", f == nil)
	return Map(src, func(m codec.Message[T]) codec.Message[R] { return withValue(m, f(m.Value)) })
}

// FlatMapValue delivers one message for each value that f returns for the value of a
// message of src. All of them keep the type. Only the last one has the ID, and the others
// have More set: a program that stops between them resumes before the event, so none is
// lost, and sink.Transact keeps them together, so none is stored twice.
//
//	src:                    --{id 1, ab}------{id 2, c}--|
//	FlatMapValue(src, ...): --{a}{id 1, b}----{id 2, c}--|
//
// A message for which f returns no values is dropped; the next message moves the position
// past it.
//
// Synchronous. It ends as src does, and holds the values of one message.
func FlatMapValue[T, R any](src rxsse.Observable[codec.Message[T]], f func(T) []R) rxsse.Observable[codec.Message[R]] {
	mustNotBeNil("FlatMapValue: src", src == nil)
	mustNotBeNil("FlatMapValue: f", f == nil)
	return func(ctx context.Context) iter.Seq2[codec.Message[R], error] {
		return func(yield func(codec.Message[R], error) bool) {
			src(ctx)(func(m codec.Message[T], err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				values := f(m.Value)
				for i, v := range values {
					out := withValue(m, v)
					if i < len(values)-1 {
						out.ID, out.More = "", true
					}
					if i > 0 && ctx.Err() != nil {
						return fail(yield, context.Cause(ctx))
					}
					if !yield(out, nil) {
						return false
					}
				}
				return true
			})
		}
	}
}

// withValue returns m with another value.
func withValue[T, R any](m codec.Message[T], v R) codec.Message[R] {
	return codec.Message[R]{Type: m.Type, ID: m.ID, Value: v, Unordered: m.Unordered, More: m.More}
}

// EncodeMessages turns each message into an event with the message's type and ID,
// and its value as JSON. It reverses DecodeJSON[codec.Message[T]]. A relay that
// publishes these events keeps the IDs of its upstream, so its clients can resume
// after the relay has been restarted.
//
//	src:                 --{id 1, v}--{id 2, w}--|
//	EncodeMessages(src): --event 1----event 2----|
//
// The options are those of [EncodeJSON].
//
// A value that cannot be encoded ends the stream with an error that names the
// message's ID. Synchronous. It ends as src does.
func EncodeMessages[T any](src rxsse.Observable[codec.Message[T]], opts ...json.Options) rxsse.Observable[codec.Event] {
	mustNotBeNil("EncodeMessages: src", src == nil)
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			encode := newJSONEncoder[T](opts...)
			TryMap(src, func(m codec.Message[T]) (codec.Event, error) {
				data, err := encode(m.Value)
				if err != nil {
					return codec.Event{}, fmt.Errorf("operators: EncodeMessages: message with id %q: %w", m.ID, err)
				}
				return codec.Event{Type: m.Type, ID: m.ID, Data: data, Unordered: m.Unordered}, nil
			})(ctx)(yield)
		}
	}
}

// newJSONEncoder returns a function that encodes a value as JSON. It reuses its buffer, so
// only one goroutine at a time can call it.
func newJSONEncoder[T any](opts ...json.Options) func(v T) (string, error) {
	format := jsonline.Format[T](opts...)
	var buf []byte
	return func(v T) (string, error) {
		line, err := format(buf[:0], v)
		if err != nil {
			return "", err
		}
		if cap(line) <= maxKeptLine {
			buf = line
		}
		return string(line[:len(line)-1]), nil // without its line feed
	}
}

// maxKeptLine is the size in bytes of the largest buffer kept for the next item.
const maxKeptLine = 64 << 10
