package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Catch delivers the items of src. If src fails, it continues with the stream that handle
// returns for the error.
//
//	src:                 --1--2--#
//	handle(#):           -3-|
//	Catch(src, handle):  --1--2---3-|
//
// To pass an error on, return source.Fail(err).
//
// Synchronous. It releases src before it subscribes to the other stream, and ends as that
// does. Cancelling the context is not a failure of src: it ends the stream with the cause,
// and handle is not called.
func Catch[T any](src rxsse.Observable[T], handle func(error) rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotBeNil("Catch: src", src == nil)
	mustNotBeNil("Catch: handle", handle == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			if failure := runUntilFailure(ctx, src, yield); failure != nil {
				returned("Catch: handle", handle(failure))(ctx)(func(v T, err error) bool { return yield(v, err) && err == nil })
			}
		}
	}
}

// OnErrorReturn delivers the items of src. If src fails, it delivers the value that f
// returns for the error, and completes.
//
//	src:                    --1--2--#
//	OnErrorReturn(src, f):  --1--2--(x|)
//
// Synchronous. It is [Catch] with a stream of one item, so cancellation is not a failure of
// src.
func OnErrorReturn[T any](src rxsse.Observable[T], f func(error) T) rxsse.Observable[T] {
	mustNotBeNil("OnErrorReturn: src", src == nil)
	mustNotBeNil("OnErrorReturn: f", f == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			if failure := runUntilFailure(ctx, src, yield); failure != nil {
				completeWith(ctx, yield, f(failure))
			}
		}
	}
}

// runUntilFailure delivers the items of src and returns the error with which src fails,
// undelivered. It returns nil if src completed, the context was cancelled, or the consumer
// left.
func runUntilFailure[T any](ctx context.Context, src rxsse.Observable[T], yield func(T, error) bool) (failure error) {
	src(ctx)(func(v T, err error) bool {
		if err == nil {
			return failure == nil && yield(v, nil)
		}
		if ctx.Err() != nil {
			return fail(yield, context.Cause(ctx))
		}
		if failure == nil {
			failure = err
		}
		return false
	})
	return failure
}
