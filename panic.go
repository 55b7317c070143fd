package rxsse

import "fmt"

// A PanicError carries a panic from a goroutine that an operator started to the
// goroutine that ranges over the stream, where it is raised again: a panic in a
// function given to an operator never ends the process behind its owner's back,
// and never turns into a value of the stream.
//
// Where no goroutine lies between the function and the consumer (Map, Filter and
// all other synchronous operators) the panic travels as it is and is not wrapped.
type PanicError struct {
	// Value is what the function passed to panic.
	Value any
	// Stack is the stack of the goroutine that panicked, as formatted by
	// [runtime/debug.Stack].
	Stack []byte
}

// Error gives the value and the stack, so that a program which dies of the panic
// prints where it began.
func (e *PanicError) Error() string {
	return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the value if it is an error, so that [errors.Is] and
// [errors.As] see through to it, and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
