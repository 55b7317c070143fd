package rxsse

import "fmt"

// A PanicError carries a panic from a goroutine started by an operator to the goroutine
// that ranges over the stream, which panics with it. A consumer can thus recover from a
// panic in a function given to any operator. The panic never becomes an error of the
// stream.
//
// A panic in a function that runs on the consumer's own goroutine, as in Map, Filter and
// all other synchronous operators, is not wrapped.
type PanicError struct {
	// Value is what the function passed to panic.
	Value any
	// Stack is the stack of the goroutine that panicked, as formatted by
	// [runtime/debug.Stack].
	Stack []byte
}

// Error returns the value and the stack, so that a program that crashes prints where the
// panic began.
func (e *PanicError) Error() string {
	return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns Value if it is an error, and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
