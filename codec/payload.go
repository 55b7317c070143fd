package codec

import "unsafe"

// A Payload decodes an event into a value of type T. Any function of this shape is a
// Payload. It is given the whole event, so the decoding can depend on the Type. See
// [JSON] and [Text], and [Unmarshal] for other formats.
//
// Its errors should be a [PayloadError], which names the event and does not repeat
// the payload.
type Payload[T any] func(Event) (T, error)

// Text is the [Payload] that returns an event's data as it is. It never fails.
func Text(e Event) (string, error) {
	return e.Data, nil
}

// Unmarshal returns the [Payload] that calls f with the event's data and a pointer
// to a new T, or to the Value of a new T if T is a [Message]. f may be the Unmarshal
// function of any package. An error of f is returned as the Err of a [PayloadError].
//
// The data is not copied: f must not modify the bytes, nor keep them after it has
// returned.
func Unmarshal[T any](f func(data []byte, v any) error) Payload[T] {
	target := newTarget[T]()
	return func(e Event) (T, error) {
		var v T
		if err := f(bytesOf(e.Data), target(&v, e)); err != nil {
			var zero T
			return zero, &PayloadError{Type: e.Type, ID: e.ID, Offset: -1, Err: err}
		}
		return v, nil
	}
}

// bytesOf returns the bytes of s without a copy. They must not be modified: the
// compiler and other holders of s rely on strings being immutable.
func bytesOf(s string) []byte {
	return unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // the one conversion without a copy in this module
}
