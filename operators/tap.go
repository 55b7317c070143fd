package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Tap calls f with each item of src and then delivers the item: to log, count or
// trace on the way.
//
//	src:     --1--2--3--|
//	Tap(f):  --1--2--3--|   f(1) f(2) f(3)
//
// Synchronous. It ends as src does and does not call f then: see [TapEnd].
func Tap[T any](src rxsse.Observable[T], f func(T)) rxsse.Observable[T] {
	mustNotBeNil("Tap: src", src == nil)
	mustNotBeNil("Tap: f", f == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				f(v)
				return yield(v, nil)
			})
		}
	}
}

// TapEnd delivers src unchanged and calls f when src ends, before the consumer sees
// the end: with nil when src completes, with the error when it fails, and with the
// cause when the context is cancelled.
//
//	src:        --1--2--#
//	TapEnd(f):  --1--2--#   f(#)
//
// A consumer that leaves the range early, and a panic, end a subscription without an
// end of the stream: f is not called. [Finally] calls its function in each case.
//
// Synchronous. It ends as src does. RxJS has it as the error and complete callbacks
// of tap, Reactor as doOnTerminate, Kotlin Flow as onCompletion.
func TapEnd[T any](src rxsse.Observable[T], f func(err error)) rxsse.Observable[T] {
	mustNotBeNil("TapEnd: src", src == nil)
	mustNotBeNil("TapEnd: f", f == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			ended := false // with an error, or by the consumer
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					ended = true
					f(err)
					return fail(yield, err)
				}
				ended = !yield(v, nil)
				return !ended
			})
			if !ended {
				f(nil)
			}
		}
	}
}
