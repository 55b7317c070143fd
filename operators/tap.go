package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Tap calls f with each item of src and then delivers the item, for example to log or count
// items.
//
//	src:     --1--2--3--|
//	Tap(f):  --1--2--3--|   f(1) f(2) f(3)
//
// Synchronous. It ends as src does. To see the end, use [TapEnd].
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

// TapEnd delivers src unchanged and calls f when src ends, before the consumer sees the
// end: with nil when src completes, with the error when it fails, and with the cause when
// the context is cancelled.
//
//	src:        --1--2--#
//	TapEnd(f):  --1--2--#   f(#)
//
// f is not called if the consumer leaves the range early or panics, because the stream does
// not end then. [Finally] calls its function in every case.
//
// Synchronous. It ends as src does. It corresponds to the error and complete callbacks of
// tap in RxJS, doOnTerminate in Reactor and onCompletion in Kotlin Flow.
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
