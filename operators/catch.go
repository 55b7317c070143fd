package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Catch delivers the items of src and, if src fails, those of the stream that
// handle returns for the error, in place of the error.
//
//	src:                          --1--2--#
//	handle(#):                    -3-|
//	Catch(src, handle):           --1--2---3-|
//
// To let an error pass, return source.Fail of it, or of another. On completion of
// src it completes. A cancelled context is no failure of src: it ends the stream
// with its cause, and handle is not called. It runs on the consumer's goroutine and
// holds nothing; src is released before the other stream is subscribed to.
func Catch[T any](src rxsse.Observable[T], handle func(error) rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotBeNil("Catch: src", src == nil)
	mustNotBeNil("Catch: handle", handle == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var failure error
			src(ctx)(func(v T, err error) bool {
				if failure != nil {
					return false
				}
				if err != nil && ctx.Err() == nil {
					failure = err
					return false
				}
				return yield(v, err) && err == nil
			})
			if failure != nil {
				handle(failure)(ctx)(yield)
			}
		}
	}
}

// OnErrorReturn delivers the items of src and, if src fails, the value that f
// returns for the error, in place of the error, and completes.
//
//	src:                    --1--2--#
//	OnErrorReturn(src, f):  --1--2--(x|)
//
// It is [Catch] with a stream of one item.
func OnErrorReturn[T any](src rxsse.Observable[T], f func(error) T) rxsse.Observable[T] {
	mustNotBeNil("OnErrorReturn: src", src == nil)
	mustNotBeNil("OnErrorReturn: f", f == nil)
	return Catch(src, func(failure error) rxsse.Observable[T] {
		return func(ctx context.Context) iter.Seq2[T, error] {
			return func(yield func(T, error) bool) {
				if yield(f(failure), nil) {
					complete(ctx, yield)
				}
			}
		}
	})
}
