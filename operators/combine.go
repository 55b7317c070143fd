package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// CombineLatest delivers f of the newest item of a and the newest of b, whenever
// either delivers one, from when both have.
//
//	a:                    --1-----2-----|
//	b:                    ----x-----y--|
//	CombineLatest(a, b):  ----1x--2x2y--|
//
// It completes when both have completed, and as soon as one completes that has
// never delivered anything. When one fails the other is cancelled, and the error
// is delivered after the items that had come before it. On cancel it ends with the
// cause.
//
// It runs a and b on goroutines of their own and holds at most 256 of their items,
// besides as many being dealt with; while it holds that many they wait.
func CombineLatest[A, B, R any](a rxsse.Observable[A], b rxsse.Observable[B], f func(A, B) R) rxsse.Observable[R] {
	mustNotBeNil("CombineLatest: a", a == nil)
	mustNotBeNil("CombineLatest: b", b == nil)
	mustNotBeNil("CombineLatest: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			var c combined[A, B]
			both(a, b)(ctx)(func(m either[A, B], err error) bool {
				if err != nil {
					var zero R
					yield(zero, err)
					return false
				}
				if m.mark == theEnd {
					return m.isB && c.hasB || !m.isB && c.hasA
				}
				c.set(m)
				return !c.hasA || !c.hasB || yield(f(c.a, c.b), nil)
			})
		}
	}
}

// WithLatestFrom delivers f of each item of src and the newest item of other.
// Items that come before the first of other are dropped.
//
//	src:                         --1--2-----3--|
//	other:                       ---x----y-------…
//	WithLatestFrom(src, other):  -----2x----3y-|
//
// It completes when src does, whatever other does. When one fails the other is
// cancelled, and the error is delivered after the items that had come before it.
// On cancel it ends with the cause.
//
// It runs src and other on goroutines of their own and holds at most 256 of their
// items, besides as many being dealt with; while it holds that many they wait.
func WithLatestFrom[T, O, R any](src rxsse.Observable[T], other rxsse.Observable[O], f func(T, O) R) rxsse.Observable[R] {
	mustNotBeNil("WithLatestFrom: src", src == nil)
	mustNotBeNil("WithLatestFrom: other", other == nil)
	mustNotBeNil("WithLatestFrom: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			var c combined[T, O]
			both(src, other)(ctx)(func(m either[T, O], err error) bool {
				if err != nil {
					var zero R
					yield(zero, err)
					return false
				}
				if m.mark == theEnd {
					return m.isB
				}
				c.set(m)
				return m.isB || !c.hasB || yield(f(c.a, c.b), nil)
			})
		}
	}
}

// An either is an item, or the end, of one of two streams.
type either[A, B any] struct {
	mark mark
	isB  bool
	a    A
	b    B
}

// both runs a and b at once and says when each completes.
func both[A, B any](a rxsse.Observable[A], b rxsse.Observable[B]) rxsse.Observable[either[A, B]] {
	return Merge(
		Map(markEnd(a), func(m marked[A]) either[A, B] { return either[A, B]{mark: m.mark, a: m.value} }),
		Map(markEnd(b), func(m marked[B]) either[A, B] { return either[A, B]{mark: m.mark, isB: true, b: m.value} }),
	)
}

// combined is the newest item of each of two streams.
type combined[A, B any] struct {
	a          A
	b          B
	hasA, hasB bool
}

func (c *combined[A, B]) set(m either[A, B]) {
	if m.isB {
		c.b, c.hasB = m.b, true
	} else {
		c.a, c.hasA = m.a, true
	}
}
