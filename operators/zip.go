package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Zip delivers f of the first item of a and the first of b, then of the second of
// each, and so on, each as soon as both have arrived.
//
//	a:             -1---2---3-|
//	b:             ---x--y-------z|
//	Zip(a, b, f):  ---1x-2y------3z|
//
// It completes when one of them has completed and has no item left that waits for
// its partner; it drops the items of the other that wait then. When one fails, Zip
// cancels the other and delivers the error after the pairs that arrived before it. On
// cancel it ends with the cause.
//
// It runs a and b on goroutines of their own, a first, and holds at most 256 items of
// each; the one that is further ahead waits.
func Zip[A, B, R any](a rxsse.Observable[A], b rxsse.Observable[B], f func(A, B) R) rxsse.Observable[R] {
	mustNotBeNil("Zip: a", a == nil)
	mustNotBeNil("Zip: b", b == nil)
	mustNotBeNil("Zip: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			zipA, zipB := newZipped[A](), newZipped[B]()
			q := handoff.New[sideItem[A, B]](ctx, handoff.DefaultLimit+1)
			defer q.Stop()
			q.GoInOrder(
				sideA[A, B](bounded(a, zipA.ahead)),
				sideB[A](bounded(b, zipB.ahead)),
			)
			for {
				batch, signal := q.Receive(nil)
				if signal == handoff.End {
					break
				}
				for i := range batch {
					if q.Cancelled() {
						break
					}
					goesOn := true
					switch m := &batch[i]; {
					case m.end && m.isB:
						zipB.ended = true
					case m.end:
						zipA.ended = true
					case m.isB && zipA.items.Len() > 0:
						goesOn = yield(f(zipA.next(), m.b), nil)
						zipB.pass()
					case m.isB:
						zipB.items.Push(m.b)
					case zipB.items.Len() > 0:
						goesOn = yield(f(m.a, zipB.next()), nil)
						zipA.pass()
					default:
						zipA.items.Push(m.a)
					}
					if !goesOn {
						return
					}
					if zipA.over() || zipB.over() {
						complete(ctx, yield)
						return
					}
				}
				zipA.release()
				zipB.release()
			}
			if err := q.Err(); err != nil {
				fail(yield, err)
			}
		}
	}
}

// zipped holds the items of one of the streams that are zipped until their partners
// arrive. With Zip, only one of the two holds any at a time.
type zipped[T any] struct {
	ahead *handoff.Semaphore // bounds the items that have no partner yet
	items handoff.Ring[T]
	dealt int  // items dealt with since ahead was released
	ended bool // the stream has completed
}

func newZipped[T any]() *zipped[T] {
	return &zipped[T]{ahead: handoff.NewSemaphore(handoff.DefaultLimit)}
}

// next removes the next item.
func (z *zipped[T]) next() T {
	z.pass()
	return z.items.Pop()
}

// pass counts an item that has met its partner. It lets the stream go on seldom enough
// to cost little, and often enough for the stream not to wait.
func (z *zipped[T]) pass() {
	if z.dealt++; z.dealt == handoff.DefaultLimit/4 {
		z.release()
	}
}

func (z *zipped[T]) release() {
	z.ahead.Release(z.dealt)
	z.dealt = 0
}

// over reports whether the stream has completed and no item of it waits.
func (z *zipped[T]) over() bool { return z.ended && z.items.Len() == 0 }

// bounded is src that waits at each item for room in ahead.
func bounded[T any](src rxsse.Observable[T], ahead *handoff.Semaphore) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				if !ahead.Acquire(ctx, 1) {
					return fail(yield, context.Cause(ctx))
				}
				return yield(v, nil)
			})
		}
	}
}
