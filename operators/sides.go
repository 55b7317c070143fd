package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A sideItem is an item, or the end, of one of two streams a and b.
type sideItem[A, B any] struct {
	isB bool
	end bool // the stream has completed; there is no item
	a   A
	b   B
}

// SizeOf implements [handoff.Wrapper].
func (*sideItem[A, B]) SizeOf() func(*sideItem[A, B]) int {
	a := sizeOfPart(func(s *sideItem[A, B]) *A { return &s.a })
	b := sizeOfPart(func(s *sideItem[A, B]) *B { return &s.b })
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	default:
		return func(s *sideItem[A, B]) int { return a(s) + b(s) }
	}
}

// sideA delivers the items of a, and then its completion.
func sideA[A, B any](a rxsse.Observable[A]) rxsse.Observable[sideItem[A, B]] {
	return withEnd(a, sideItem[A, B]{end: true}, func(v A) sideItem[A, B] { return sideItem[A, B]{a: v} })
}

// sideB delivers the items of b, and then its completion.
func sideB[A, B any](b rxsse.Observable[B]) rxsse.Observable[sideItem[A, B]] {
	return withEnd(b, sideItem[A, B]{isB: true, end: true}, func(v B) sideItem[A, B] { return sideItem[A, B]{isB: true, b: v} })
}

// An indexed is an item, or the completion, of one of several streams.
type indexed[T any] struct {
	index int64
	ended bool
	value T
}

// SizeOf implements [handoff.Wrapper].
func (*indexed[T]) SizeOf() func(*indexed[T]) int {
	return sizeOfPart(func(v *indexed[T]) *T { return &v.value })
}

// sizeOfPart is [handoff.SizeOf] for items whose part of type T alone is counted.
func sizeOfPart[W, T any](part func(*W) *T) func(*W) int {
	size := handoff.SizeOf[T]()
	if size == nil {
		return nil
	}
	return func(w *W) int { return size(part(w)) }
}

// withIndex delivers the items of src, and then its completion, with an index.
func withIndex[T any](src rxsse.Observable[T], index int64) rxsse.Observable[indexed[T]] {
	return withEnd(src, indexed[T]{index: index, ended: true}, func(v T) indexed[T] { return indexed[T]{index: index, value: v} })
}

// withEnd delivers f(v) for each item v of src and, when src completes, end.
func withEnd[T, R any](src rxsse.Observable[T], end R, f func(T) R) rxsse.Observable[R] {
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			ended := false
			src(ctx)(func(v T, err error) bool {
				switch {
				case ended:
				case err != nil:
					ended = true
					fail(yield, err)
				default:
					ended = !yield(f(v), nil)
				}
				return !ended
			})
			if !ended {
				yield(end, nil)
			}
		}
	}
}

// runSides runs both sides, first before second: see [runInOrder].
func runSides[A, B, R any](ctx context.Context, first, second rxsse.Observable[sideItem[A, B]], yield func(R, error) bool, handle func(*sideItem[A, B]) bool) {
	runInOrder(ctx, []rxsse.Observable[sideItem[A, B]]{first, second}, yield, handle)
}

// runInOrder runs all of srcs and starts them in order. It calls handle with their items in
// order of arrival, until handle returns false or one of srcs fails.
func runInOrder[T, R any](ctx context.Context, srcs []rxsse.Observable[T], yield func(R, error) bool, handle func(*T) bool) {
	q := handoff.NewByArrival[T](ctx, handoff.DefaultLimit)
	defer q.Stop()
	q.GoInOrder(srcs...)
	for {
		batch, signal := q.Receive(nil)
		if signal == handoff.End {
			if err := q.Err(); err != nil {
				fail(yield, err)
			}
			return
		}
		for i := range batch {
			if q.Cancelled() {
				break
			}
			if !handle(&batch[i]) {
				return
			}
		}
	}
}
