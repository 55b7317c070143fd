package handoff

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/rxsse/rxsse"
)

// An Ending is how an upstream ended: the zero Ending is its completion.
type Ending struct {
	err      error
	panicked *rxsse.PanicError
	goexit   bool
}

// Run runs src on the calling goroutine until it ends or push returns false, and
// then calls ended, whatever has happened: a panic of src is caught and becomes a
// part of its ending, and a call of [runtime.Goexit] is carried on.
func Run[T any](ctx context.Context, src rxsse.Observable[T], push func(T) bool, ended func(Ending)) {
	var err error
	returned := false
	defer func() {
		var panicked *rxsse.PanicError
		if !returned {
			panicked = asPanic(recover())
		}
		ended(Ending{err: err, panicked: panicked, goexit: !returned && panicked == nil})
	}()
	wanted := true
	src(ctx)(func(v T, e error) bool {
		switch {
		case !wanted: // src goes on after an error, or after push has returned false
		case e != nil:
			err = e
			wanted = false
		default:
			wanted = push(v)
		}
		return wanted
	})
	returned = true
}

// asPanic wraps a recovered value, with the stack of the goroutine that calls
// it. One that was wrapped on an inner goroutine keeps the stack it has.
func asPanic(recovered any) *rxsse.PanicError {
	switch v := recovered.(type) {
	case nil:
		return nil
	case *rxsse.PanicError:
		return v
	default:
		return &rxsse.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// Completed reports whether the upstream completed.
func (e Ending) Completed() bool { return e.err == nil && !e.raises() }

// raises reports whether the upstream ended with a panic or an exit.
func (e Ending) raises() bool { return e.panicked != nil || e.goexit }

// Err returns the error with which the upstream failed, if it did.
func (e Ending) Err() error { return e.err }

// WithoutError returns e as it were if the upstream had not failed with an error.
func (e Ending) WithoutError() Ending {
	e.err = nil
	return e
}

// Raise repeats the upstream's panic or exit, if that was its end, on the calling
// goroutine.
func (e Ending) Raise() {
	if e.panicked != nil {
		panic(e.panicked)
	}
	if e.goexit {
		runtime.Goexit()
	}
}
