package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// CombineLatest delivers f(x, y) for the newest items x of a and y of b whenever either
// delivers an item, once both have delivered one.
//
//	a:                    --1-----2-----|
//	b:                    ----x-----y--|
//	CombineLatest(a, b):  ----1x--2x2y--|
//
// It completes when both have completed, or as soon as one completes without an item. On
// error and cancel it ends as [Merge] does.
//
// Asynchronous. It starts a before b.
func CombineLatest[A, B, R any](a rxsse.Observable[A], b rxsse.Observable[B], f func(A, B) R) rxsse.Observable[R] {
	mustNotBeNil("CombineLatest: a", a == nil)
	mustNotBeNil("CombineLatest: b", b == nil)
	mustNotBeNil("CombineLatest: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			var newest sideItem[A, B]
			hasA, hasB := false, false
			runSides(ctx, sideA[A, B](a), sideB[A](b), yield, func(m *sideItem[A, B]) bool {
				switch {
				case m.end && (m.isB && !hasB || !m.isB && !hasA):
					complete(ctx, yield)
					return false
				case m.end:
					return true
				case m.isB:
					newest.b, hasB = m.b, true
				default:
					newest.a, hasA = m.a, true
				}
				return !hasA || !hasB || yield(f(newest.a, newest.b), nil)
			})
		}
	}
}

// maxHeldItems is how many items WithLatestFrom holds until other delivers one.
const maxHeldItems = 256

// WithLatestFrom delivers f(v, w) for each item v of src and the newest item w of other.
// Items of src that arrive before the first item of other wait for it.
//
//	src:                         --1--2-----3--|
//	other:                       ---x----y-------…
//	WithLatestFrom(src, other):  ---1x2x----3y-|
//
// At most 256 items wait, regardless of their size; older ones are dropped. Waiting items
// are also dropped when src or other fails, or when other completes without an item;
// WithLatestFrom then delivers nothing and completes with src.
//
// It completes when src has completed and no item waits. On error and cancel it ends as
// [Merge] does.
//
// Asynchronous. It starts src before other.
func WithLatestFrom[T, O, R any](src rxsse.Observable[T], other rxsse.Observable[O], f func(T, O) R) rxsse.Observable[R] {
	mustNotBeNil("WithLatestFrom: src", src == nil)
	mustNotBeNil("WithLatestFrom: other", other == nil)
	mustNotBeNil("WithLatestFrom: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			l := latestFrom[T, O]{}
			runSides(ctx, sideA[T, O](src), sideB[T](other), yield, func(m *sideItem[T, O]) bool {
				l.add(m)
				for l.hasOther && l.held.Len() > 0 {
					if ctx.Err() != nil {
						return true // the queue ends with the cause
					}
					if !yield(f(l.held.Pop(), l.other), nil) {
						return false
					}
				}
				if l.ended && l.held.Len() == 0 {
					complete(ctx, yield)
					return false
				}
				return true
			})
		}
	}
}

// A latestFrom is the state of WithLatestFrom.
type latestFrom[T, O any] struct {
	held     handoff.Ring[T] // items of src that are not delivered
	other    O               // its newest item
	hasOther bool
	never    bool // other has completed without an item
	ended    bool // src has completed
}

// add records an item or the end of one of the streams.
func (l *latestFrom[T, O]) add(m *sideItem[T, O]) {
	switch {
	case m.isB && !m.end:
		l.other, l.hasOther = m.b, true
	case m.isB && !l.hasOther:
		l.never, l.held = true, handoff.Ring[T]{}
	case m.isB:
	case m.end:
		l.ended = true
	case !l.never:
		if l.held.Len() == maxHeldItems {
			l.held.Pop()
		}
		l.held.Push(m.a)
	}
}
