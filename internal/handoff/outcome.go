package handoff

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/rxsse/rxsse"
)

// An Outcome is how an upstream ended. The zero Outcome is completion.
type Outcome struct {
	err      error
	panicked *rxsse.PanicError
	goexit   bool
}

// Failed returns the outcome of an upstream that ended with err; nil is completion.
func Failed(err error) Outcome { return Outcome{err: err} }

// Run runs src on the calling goroutine until src ends or push returns false, and then calls
// ended. A panic of src becomes part of the outcome. Run calls ended even if src calls
// [runtime.Goexit]. It ignores what src delivers after its error, or after push has returned
// false.
func Run[T any](ctx context.Context, src rxsse.Observable[T], push func(T) bool, ended func(Outcome)) {
	catch(ended, func(err *error) {
		over := false
		src(ctx)(func(v T, e error) bool {
			switch {
			case over:
			case e != nil:
				over, *err = true, e
			default:
				over = !push(v)
			}
			return !over
		})
	})
}

// catch calls run, which stores the error of an upstream in err, and then calls ended with
// the outcome, even if run panics or calls [runtime.Goexit].
func catch(ended func(Outcome), run func(err *error)) {
	var err error
	returned := false
	defer func() {
		var panicked *rxsse.PanicError
		if !returned {
			panicked = asPanic(recover())
		}
		ended(Outcome{err: err, panicked: panicked, goexit: !returned && panicked == nil})
	}()
	run(&err)
	returned = true
}

// asPanic wraps a recovered value with the stack of the calling goroutine. A value already
// wrapped on an inner goroutine keeps its stack.
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
func (o Outcome) Completed() bool { return o.err == nil && !o.Raises() }

// Raises reports whether the upstream ended with a panic or an exit.
func (o Outcome) Raises() bool { return o.panicked != nil || o.goexit }

// Err returns the error with which the upstream failed, or nil.
func (o Outcome) Err() error { return o.err }

// WithoutError returns o without its error.
func (o Outcome) WithoutError() Outcome {
	o.err = nil
	return o
}

// Raise repeats the upstream's panic or exit, if it ended with one, on the calling
// goroutine.
func (o Outcome) Raise() {
	if o.panicked != nil {
		panic(o.panicked)
	}
	if o.goexit {
		runtime.Goexit()
	}
}
