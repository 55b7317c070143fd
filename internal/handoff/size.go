package handoff

import (
	"encoding/json"

	"github.com/rxsse/rxsse/codec"
)

// MaxBytes is how many bytes of events, texts or byte slices fill a queue. The item that
// reaches the limit can have any size.
const MaxBytes = 16 << 20

// countedStep is how many bytes a producer counts alone before it adds them to the count of
// a shared queue, so that producers of small events rarely write to it.
const countedStep = 64 << 10

// A Wrapper is an item that holds another one. Its size is that of the inner item.
type Wrapper[T any] interface {
	// SizeOf returns a function that returns the bytes that an item holds, or nil if these
	// are not counted.
	SizeOf() func(*T) int
}

// SizeOf returns a function that returns how many bytes an item holds besides itself, or nil
// if T is not an event, text, byte slice, message with a text or bytes, or wrapper of these.
func SizeOf[T any]() func(*T) int {
	switch item := any((*T)(nil)).(type) {
	case *codec.Event:
		return func(v *T) int {
			e, _ := any(v).(*codec.Event)
			return len(e.Type) + len(e.Data) + len(e.ID) + len(e.Comment)
		}
	case *string:
		return func(v *T) int { s, _ := any(v).(*string); return len(*s) }
	case *[]byte:
		return func(v *T) int { b, _ := any(v).(*[]byte); return len(*b) }
	case *json.RawMessage:
		return func(v *T) int { b, _ := any(v).(*json.RawMessage); return len(*b) }
	case *codec.Message[string]:
		return messageSize[T, string]()
	case *codec.Message[[]byte]:
		return messageSize[T, []byte]()
	case *codec.Message[json.RawMessage]:
		return messageSize[T, json.RawMessage]()
	case Wrapper[T]:
		return item.SizeOf()
	}
	return nil
}

// messageSize is SizeOf if T is a [codec.Message] of V.
func messageSize[T, V any]() func(*T) int {
	size := SizeOf[V]()
	return func(v *T) int {
		m, _ := any(v).(*codec.Message[V])
		return len(m.Type) + len(m.ID) + size(&m.Value)
	}
}

// total returns the sum of the sizes of items, or 0 if they are not counted.
func total[T any](size func(*T) int, items []T) int {
	if size == nil {
		return 0
	}
	sum := 0
	for i := range items {
		sum += size(&items[i])
	}
	return sum
}
