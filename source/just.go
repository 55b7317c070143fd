package source

import (
	"context"
	"iter"
	"slices"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Just returns a stream that delivers items and completes. If its context is cancelled,
// even during the last item, it ends with the cause instead. It starts no goroutine and
// allocates nothing per item.
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

// FromSeq returns a stream that delivers the items of seq and completes. Each subscription
// ranges over seq again, so seq must allow that. If the context is cancelled, the stream
// ends with the cause before the next item or at the end of seq; it cannot interrupt seq
// while seq blocks. FromSeq panics if seq is nil.
func FromSeq[T any](seq iter.Seq[T]) rxsse.Observable[T] {
	argument.MustNotBeNil("source: FromSeq: seq", seq == nil)
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

// Empty returns a stream that completes at once.
func Empty[T any]() rxsse.Observable[T] { return Just[T]() }

// Never returns a stream that delivers nothing. When its context is cancelled it ends with
// the cause.
func Never[T any]() rxsse.Observable[T] { return FromChannel[T](nil) }

// Fail returns a stream that fails with err at once. It panics if err is nil.
func Fail[T any](err error) rxsse.Observable[T] {
	argument.MustNotBeNil("source: Fail: err", err == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			if ctx.Err() != nil {
				end(ctx, yield)
				return
			}
			var zero T
			yield(zero, err)
		}
	}
}

// isDone reports whether done is closed. It costs the same for every context; Err may have
// to ask a chain of parents.
func isDone(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// end ends a stream that has no more items: with the cause if its context is cancelled, and
// otherwise by completing it.
func end[T any](ctx context.Context, yield func(T, error) bool) {
	if ctx.Err() != nil {
		var zero T
		yield(zero, context.Cause(ctx))
	}
}
