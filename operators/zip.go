package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Zip delivers f of the first item of a and the first of b, then of the second of
// each, and so on, each as soon as both are there.
//
//	a:             -1---2---3-|
//	b:             ---x--y-------z|
//	Zip(a, b, f):  ---1x-2y------3z|
//
// It completes when one of them has completed and has no item left that waits for
// its partner; items of the other that wait then are dropped. When one fails the
// other is cancelled, and the error is delivered after the pairs that had come
// before it. On cancel it ends with the cause.
//
// It runs a and b on goroutines of their own and holds at most 256 items of each;
// the one that is further ahead waits.
func Zip[A, B, R any](a rxsse.Observable[A], b rxsse.Observable[B], f func(A, B) R) rxsse.Observable[R] {
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			q := handoff.New[either[A, B]](ctx, 2*handoff.DefaultLimit)
			defer q.Stop()
			z := zipped[A, B]{gateA: newGate(handoff.DefaultLimit), gateB: newGate(handoff.DefaultLimit)}
			q.Go(zipping(a, z.gateA, false, func(m *either[A, B], v A) { m.a = v }))
			q.Go(zipping(b, z.gateB, true, func(m *either[A, B], v B) { m.b = v }))
			for {
				batch, signal := q.Receive(nil)
				if signal == handoff.End {
					break
				}
				for i := range batch {
					if q.Cancelled() {
						break
					}
					if z.add(&batch[i]) && !yield(f(z.pair()), nil) || z.complete() {
						return
					}
				}
				z.release()
			}
			if err := q.Err(); err != nil {
				var zero R
				yield(zero, err)
			}
		}
	}
}

// zipping delivers the items of one of the two streams, held back by g, and then
// that it completes. set makes an item a part of m.
func zipping[T, A, B any](src rxsse.Observable[T], g *gate, isB bool, set func(m *either[A, B], v T)) rxsse.Observable[either[A, B]] {
	return func(ctx context.Context) iter.Seq2[either[A, B], error] {
		return func(yield func(either[A, B], error) bool) {
			m := either[A, B]{isB: isB}
			goOn := true
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					goOn = false
					yield(either[A, B]{}, err)
					return false
				}
				set(&m, v)
				goOn = g.pass(ctx) && yield(m, nil)
				return goOn
			})
			if goOn {
				yield(either[A, B]{isB: isB, mark: theEnd}, nil)
			}
		}
	}
}

// zipped is the items of two streams that wait for their partners.
type zipped[A, B any] struct {
	a            fifo[A]
	b            fifo[B]
	gateA, gateB *gate
	endA, endB   bool
	pairs        int // delivered since the gates were told
}

// add takes m in and reports whether there is a pair.
func (z *zipped[A, B]) add(m *either[A, B]) bool {
	switch {
	case m.mark == theEnd && m.isB:
		z.endB = true
	case m.mark == theEnd:
		z.endA = true
	case m.isB:
		z.b.push(m.b)
	default:
		z.a.push(m.a)
	}
	return z.a.len() > 0 && z.b.len() > 0
}

// release lets each stream go on by as many items as found their partners.
func (z *zipped[A, B]) release() {
	z.gateA.release(z.pairs)
	z.gateB.release(z.pairs)
	z.pairs = 0
}

// pair takes the next two partners.
func (z *zipped[A, B]) pair() (A, B) {
	z.pairs++
	return z.a.pop(), z.b.pop()
}

// complete reports whether there cannot be another pair.
func (z *zipped[A, B]) complete() bool {
	return z.endA && z.a.len() == 0 || z.endB && z.b.len() == 0
}

// A fifo is a queue for one goroutine. Its memory is that of the most items it
// ever held, twice.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) len() int { return len(q.items) - q.head }

func (q *fifo[T]) push(v T) {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, v)
}

func (q *fifo[T]) pop() T {
	var zero T
	v := q.items[q.head]
	q.items[q.head] = zero
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return v
}
