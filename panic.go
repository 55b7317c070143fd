package rxsse

import "fmt"

// A PanicError carries a panic from a goroutine that an operator started to the
// goroutine that ranges over the stream, where it is raised again.
// So a consumer can recover from a panic in a function given to any operator. Such a
// panic is never turned into an error of the stream.
//
// A function that runs on the consumer's own goroutine (in Map, Filter and all other
// synchronous operators) panics as it is: the value is not wrapped.
type PanicError struct {
	// Value is what the function passed to panic.
	Value any
	// Stack is the stack of the goroutine that panicked, as formatted by
	// [runtime/debug.Stack].
	Stack []byte
}

// Error returns the value and the stack, so that a program that the panic ends prints
// where it began.
func (e *PanicError) Error() string {
	return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the value if it is an error, so that [errors.Is] and
// [errors.As] see through to it, and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
