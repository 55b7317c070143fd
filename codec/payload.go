package codec

import "unsafe"

// A Payload turns an event into a value of T. Any function of this shape is one:
// it sees the whole event, so that what it decodes may depend on the Type. See
// [JSON] and [Text], and [Unmarshal] for other formats.
//
// Its errors should be a [PayloadError], which says which event is at fault and
// does not repeat the payload.
type Payload[T any] func(Event) (T, error)

// Text is the [Payload] of streams whose data is meant as it is. It never fails.
func Text(e Event) (string, error) {
	return e.Data, nil
}

// Unmarshal returns the [Payload] that hands the event's data and a new T to f,
// which may be the Unmarshal function of any package of that shape. An error of
// f is returned as the Err of a [PayloadError].
//
// The data is not copied: the bytes are those of the event's immutable string, so f
// must not modify them, nor keep them after it has returned.
func Unmarshal[T any](f func(data []byte, v any) error) Payload[T] {
	return func(e Event) (T, error) {
		var v T
		if err := f(bytesOf(e.Data), &v); err != nil {
			var zero T
			return zero, &PayloadError{Type: e.Type, ID: e.ID, Offset: -1, Err: err}
		}
		return v, nil
	}
}

// bytesOf returns the bytes of s without a copy. They must not be modified, for
// strings are immutable: the compiler, other holders of s and, for a constant, the
// operating system rely on it. That is the promise [Unmarshal] asks for; JSON
// keeps it.
func bytesOf(s string) []byte {
	return unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // the one conversion without a copy in this module
}
