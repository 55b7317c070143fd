package rx

import (
	"fmt"
	"reflect"
)

// A TypeError ends a stream of [From], [FromFunc] or [FromHot] at an item of another type.
// RxGo is untyped, so the mismatch shows only when the chain runs.
type TypeError struct {
	// Want is the type of the stream: T of From[T].
	Want reflect.Type
	// Got is the type of the item, or nil if the item was nil.
	Got reflect.Type
}

// Error names both types.
func (e *TypeError) Error() string {
	got := "nil"
	if e.Got != nil {
		got = "of type " + e.Got.String()
	}
	return fmt.Sprintf("rx: item is %s, want %s: name the type that the chain emits, or Map to it", got, e.Want)
}
