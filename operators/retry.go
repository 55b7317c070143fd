package operators

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/clock"
)

// A RetryState describes a failure of src to the function of [Retry].
type RetryState struct {
	// Err is the error that src failed with.
	Err error
	// Total is the number of subscriptions that have failed, this one included.
	Total int
	// InARow is the number of subscriptions that have failed since the last item,
	// this one included.
	InARow int
}

// A RetryError is the error of a [Retry] that gave up.
type RetryError struct {
	// Attempts is the number of subscriptions, all of which failed.
	Attempts int
	// Err is the error of the last one.
	Err error
}

// Error contains the number of attempts and the last error.
func (e *RetryError) Error() string {
	if e.Attempts == 1 {
		return fmt.Sprintf("operators: Retry: gave up after 1 attempt: %v", e.Err)
	}
	return fmt.Sprintf("operators: Retry: gave up after %d attempts: %v", e.Attempts, e.Err)
}

// Unwrap returns Err.
func (e *RetryError) Unwrap() error { return e.Err }

// Retry delivers the items of src and, when src fails, subscribes to it again. Items that
// src repeats are delivered again.
//
//	src:                 --1--2--#
//	Retry(src, decide):  --1--2-----1--2-----…
//
// After each failure it calls decide, which returns how long to wait and whether to retry.
// If decide returns false, Retry fails with a [RetryError] that wraps the error of src.
// [ExponentialBackoff] makes such a function; your own can look at the error:
//
//	backoff := operators.ExponentialBackoff(5, time.Second, time.Minute)
//	answers := operators.Retry(src, func(s operators.RetryState) (time.Duration, bool) {
//		if errors.Is(s.Err, errUnauthorized) {
//			return 0, false // it would fail again
//		}
//		return backoff(s)
//	})
//
// To end after a failure that repeats, limit Total: if src delivers a few items each time
// and then an event that cannot be decoded, InARow is always 1. To skip such events, use
// [SkipInvalid]. A stream of package source needs no Retry for lost connections: it
// reconnects by itself and resumes after the last event, whereas Retry starts over.
//
// Retry completes when src does. On cancel, even during a wait, it ends with the cause.
// Synchronous: it releases src, then calls decide, then waits.
//
// ReactiveX, Reactor and Kotlin Flow call it retryWhen.
func Retry[T any](src rxsse.Observable[T], decide func(RetryState) (wait time.Duration, retry bool)) rxsse.Observable[T] {
	mustNotBeNil("Retry: src", src == nil)
	mustNotBeNil("Retry: decide", decide == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var state RetryState
			for {
				failure := runUntilFailure(ctx, src, func(v T, err error) bool {
					state.InARow = 0
					return yield(v, err)
				})
				if failure == nil {
					return // src completed, was cancelled, or the consumer left
				}
				state.Err = failure
				state.Total++
				state.InARow++
				wait, retry := decide(state)
				if !retry {
					fail(yield, &RetryError{Attempts: state.Total, Err: failure})
					return
				}
				if !clock.Sleep(ctx, wait) {
					fail(yield, context.Cause(ctx))
					return
				}
			}
		}
	}
}
