package handoff

import "github.com/rxsse/rxsse/codec"

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
// nil if that cannot be known from its type: it can for events, texts, byte slices and
// wrappers of them.
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
	case Wrapper[T]:
		return item.SizeOf()
	}
	return nil
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
