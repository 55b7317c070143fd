package codec

import (
	"sync"
	"unsafe"
)

// A Payload decodes an event into a value of type T. Any function of this shape is a
// Payload. It gets the whole event, so the decoding can depend on the Type. See [JSON] and
// [Text], and [Unmarshal] for other formats.
//
// Its errors should be a [PayloadError], which names the event and does not repeat the
// payload.
type Payload[T any] func(Event) (T, error)

// Text is the [Payload] that returns an event's data as it is. It never fails.
func Text(e Event) (string, error) {
	return e.Data, nil
}

// Unmarshal returns the [Payload] that calls f with the event's data and a pointer to a
// zero T, or to the Value of a zero T if T is a [Message]. f may be the Unmarshal function
// of any package:
//
//	trade := codec.Unmarshal[Trade](gojson.Unmarshal) // github.com/goccy/go-json
//
// If f fails, the Payload returns a [PayloadError] with f's error as its Err. Several
// goroutines may call the Payload at once if they may call f at once.
//
// The data is not copied, and the memory that f decodes into is reused: f must not modify
// the bytes, and must not keep the bytes or the pointer after it has returned.
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
