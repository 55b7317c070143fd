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
	a, b := handoff.SizeOf[A](), handoff.SizeOf[B]()
	switch {
	case a != nil && b != nil:
		return func(s *sideItem[A, B]) int { return a(&s.a) + b(&s.b) }
	case a != nil:
		return func(s *sideItem[A, B]) int { return a(&s.a) }
	case b != nil:
		return func(s *sideItem[A, B]) int { return b(&s.b) }
	}
	return nil
}

// sideA delivers the items of a, and says when a completes.
func sideA[A, B any](a rxsse.Observable[A]) rxsse.Observable[sideItem[A, B]] {
	return withEnd(a, sideItem[A, B]{end: true}, func(v A) sideItem[A, B] { return sideItem[A, B]{a: v} })
}

// sideB delivers the items of b, and says when b completes.
func sideB[A, B any](b rxsse.Observable[B]) rxsse.Observable[sideItem[A, B]] {
	return withEnd(b, sideItem[A, B]{isB: true, end: true}, func(v B) sideItem[A, B] { return sideItem[A, B]{isB: true, b: v} })
}

// withEnd delivers f of each item of src and, when src completes, end.
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

// runSides runs both sides, first before second, and hands their items to handle in
// the order of their arrival, until handle returns false or a side fails.
func runSides[A, B, R any](ctx context.Context, first, second rxsse.Observable[sideItem[A, B]], yield func(R, error) bool, handle func(*sideItem[A, B]) bool) {
	q := handoff.NewByArrival[sideItem[A, B]](ctx, handoff.DefaultLimit)
	defer q.Stop()
	q.GoInOrder(first, second)
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
