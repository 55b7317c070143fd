package source

import (
	"context"
	"iter"
	"slices"

	"github.com/rxsse/rxsse"
)

// Just returns the stream that delivers items and completes. With a cancelled
// context it ends, also after the last item, with the cause. It starts no
// goroutine and allocates nothing per item.
func Just[T any](items ...T) rxsse.Observable[T] {
	items = slices.Clone(items)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			done := ctx.Done()
			for i := range items {
				if isDone(done) {
					break
				}
				if !yield(items[i], nil) {
					return
				}
			}
			end(ctx, yield)
		}
	}
}

// FromSeq returns the stream that delivers what seq does. Each subscription runs
// seq anew, so seq should be one that can be. With a cancelled context the stream
// ends, between two items and after the last, with the cause; what seq waits for
// itself it does not interrupt.
func FromSeq[T any](seq iter.Seq[T]) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			left := false
			if done := ctx.Done(); !isDone(done) {
				seq(func(v T) bool {
					if isDone(done) {
						return false
					}
					left = !yield(v, nil)
					return !left
				})
			}
			if !left {
				end(ctx, yield)
			}
		}
	}
}

// Empty returns the stream that completes at once.
func Empty[T any]() rxsse.Observable[T] { return Just[T]() }

// Never returns the stream that delivers nothing until its context is cancelled,
// and then ends with the cause.
func Never[T any]() rxsse.Observable[T] { return FromChannel[T](nil) }

// Fail returns the stream that fails with err at once. It panics if err is nil.
func Fail[T any](err error) rxsse.Observable[T] {
	if err == nil {
		panic("source: Fail: the error is nil")
	}
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var zero T
			if ctx.Err() != nil {
				yield(zero, context.Cause(ctx))
				return
			}
			yield(zero, err)
		}
	}
}

// isDone reports whether done is closed. With the channel at hand that costs
// the same for any context, where Err may ask a whole chain of them.
func isDone(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// end ends a stream that has nothing more to deliver: with the cause of its
// context if that is cancelled, and otherwise by completion.
func end[T any](ctx context.Context, yield func(T, error) bool) {
	if ctx.Err() != nil {
		var zero T
		yield(zero, context.Cause(ctx))
	}
}
