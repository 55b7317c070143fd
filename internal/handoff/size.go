package handoff

import (
	"encoding/json"

	"github.com/rxsse/rxsse/codec"
)

// MaxBytes is how many bytes of events, texts or byte slices a queue holds. It counts as
// full once it holds that many, so the item that reaches the number may be of any size.
const MaxBytes = 16 << 20

// countedStep is how many bytes a producer keeps to itself before it counts them for a
// queue that it shares. So producers of small events write to the shared count seldom.
const countedStep = 64 << 10

// A Wrapper is an item that holds another one. Operators use it to have the size of that
// counted.
type Wrapper[T any] interface {
	// SizeOf returns a function that returns the bytes that an item holds, nil if these
	// are not counted.
	SizeOf() func(*T) int
}

// SizeOf returns a function that returns how many bytes an item holds besides itself, or
// nil if its type does not show that. It does for events, texts, byte slices, messages
// whose value is a text or bytes, and wrappers of all these.
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

// total returns the sum of the sizes of items, 0 if they are not counted.
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
