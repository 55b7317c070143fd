package codec

import (
	"sync"
	"unsafe"
)

// A Payload decodes an event into a value of type T. Any function of this type is a
// Payload. It gets the whole event, so decoding can depend on the Type. See [JSON] and
// [Text], and [Unmarshal] for other formats.
//
// Errors of a Payload should be a [PayloadError], which names the event and does not quote
// the payload. operators.Decode wraps other errors in one.
type Payload[T any] func(Event) (T, error)

// Text is the [Payload] that returns an event's data unchanged. It never fails.
func Text(e Event) (string, error) {
	return e.Data, nil
}

// Unmarshal returns the [Payload] that calls f with the event's data and a pointer to a
// zero T, or to the Value of a zero T if T is a [Message]. f may be the Unmarshal function
// of any package:
//
//	trade := codec.Unmarshal[Trade](gojson.Unmarshal) // github.com/goccy/go-json
//
// If f fails, the Payload returns a [PayloadError] with f's error as its Err. The Payload
// is safe for concurrent use if f is.
//
// The data is not copied, and the memory that f decodes into is reused: f must not modify
// the bytes, nor keep the bytes or the pointer after it returns.
func Unmarshal[T any](f func(data []byte, v any) error) Payload[T] {
	decode := decodeWith[T](f)
	return func(e Event) (T, error) {
		v, err := decode(e)
		if err != nil {
			err = &PayloadError{Type: e.Type, ID: e.ID, Offset: -1, Err: err}
		}
		return v, err
	}
}

// decodeWith returns a function that decodes an event with f. f needs a pointer, which
// would cost an allocation for each event if the memory were not reused.
func decodeWith[T any](f func(data []byte, v any) error) func(e Event) (T, error) {
	_, isMessage := any((*T)(nil)).(envelope)
	pool := sync.Pool{New: func() any { return new(T) }}
	return func(e Event) (T, error) {
		p, _ := pool.Get().(*T)
		target := any(p)
		if isMessage {
			target = target.(envelope).fillFrom(e) //nolint:forcetypeassert,errcheck // checked above
		}
		err := f(bytesOf(e.Data), target)
		var v T
		if err == nil {
			v, *p = *p, v
		} else {
			*p = v
		}
		pool.Put(p)
		return v, err
	}
}

// bytesOf returns the bytes of s without a copy. They must not be modified: the
// compiler and other holders of s rely on strings being immutable.
func bytesOf(s string) []byte {
	return unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // the one conversion without a copy in this module
}
