package operators

import (
	"context"
	"iter"
	"sync"

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
	mustNotBeNil("Zip: a", a == nil)
	mustNotBeNil("Zip: b", b == nil)
	mustNotBeNil("Zip: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			q := handoff.New[struct{}](ctx, handoff.DefaultLimit)
			defer q.Stop()
			laneA, laneB := newLane[A](), newLane[B]()
			q.Go(laneA.fill(a))
			q.Go(laneB.fill(b))
			for {
				if _, signal := q.Receive(nil); signal == handoff.End {
					break
				}
				for laneA.ready() && laneB.ready() {
					if q.Cancelled() {
						break
					}
					if !yield(f(laneA.pop(), laneB.pop()), nil) {
						return
					}
				}
				if laneA.over() || laneB.over() {
					complete(ctx, yield)
					return
				}
			}
			if err := q.Err(); err != nil {
				var zero R
				yield(zero, err)
			}
		}
	}
}

// laneStep is how many items are dealt with before a lane's stream is told: seldom
// enough to cost little, often enough for it not to wait.
const laneStep = handoff.DefaultLimit / 4

// A lane is the items of one stream that wait for their partners. The goroutine
// that runs the stream puts them there, and the consumer takes all of them at once.
type lane[T any] struct {
	gate *gate

	mu    sync.Mutex
	items []T  // that the consumer has not taken
	ended bool // the stream has completed

	// These are the consumer's.
	batch []T // taken
	next  int // the first that waits
	dealt int // items dealt with since the gate was told
}

func newLane[T any]() *lane[T] { return &lane[T]{gate: newGate(handoff.DefaultLimit)} }

// fill puts the items of src into the lane. It delivers something whenever the
// consumer should look: when there is an item where there was none, and when src
// has completed.
func (l *lane[T]) fill(src rxsse.Observable[T]) rxsse.Observable[struct{}] {
	return func(ctx context.Context) iter.Seq2[struct{}, error] {
		return func(yield func(struct{}, error) bool) {
			goOn := true
			src(ctx)(func(v T, err error) bool {
				switch {
				case err != nil:
					yield(struct{}{}, err)
					goOn = false
				case !l.gate.pass(ctx):
					goOn = false
				case l.put(v):
					goOn = yield(struct{}{}, nil)
				}
				return goOn
			})
			if goOn {
				l.end()
				yield(struct{}{}, nil)
			}
		}
	}
}

// put adds an item and reports whether it is the only one.
func (l *lane[T]) put(v T) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, v)
	return len(l.items) == 1
}

func (l *lane[T]) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

// ready reports whether there is an item to pop.
func (l *lane[T]) ready() bool { return l.next < len(l.batch) || l.take() }

// take takes the items that have come, once those taken before are dealt with.
func (l *lane[T]) take() bool {
	clear(l.batch) // keep nothing alive
	l.tell()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batch, l.items, l.next = l.items, l.batch[:0], 0
	return len(l.batch) > 0
}

// pop takes out the next item.
func (l *lane[T]) pop() T {
	v := l.batch[l.next]
	l.next++
	if l.dealt++; l.dealt == laneStep {
		l.tell()
	}
	return v
}

// tell lets the stream go on by as many items as were dealt with.
func (l *lane[T]) tell() {
	l.gate.release(l.dealt)
	l.dealt = 0
}

// over reports whether the stream has completed and no item of it waits.
func (l *lane[T]) over() bool {
	if l.ready() {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended && len(l.items) == 0
}
