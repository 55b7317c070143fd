package operators

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Race runs all of srcs at once. The first to deliver, complete or fail wins: Race cancels
// the others at that moment and delivers the winner. RxJava and Reactor call it amb.
//
//	a:           ----1--2--|
//	b:           --x--y--z|
//	Race(a, b):  --x--y--z|
//
// It completes or fails when the winner does; without srcs it completes immediately. A
// source that fails before the others deliver wins too; use [Retry] or [Catch] on it to
// prevent that. On cancel Race ends with the cause.
//
// The sources start in the order of the arguments. The first one that delivers or ends
// without blocking wins, and those after it never start. In real time see "Start of several
// streams" in the package documentation.
//
// Asynchronous.
func Race[T any](srcs ...rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotHoldNil("Race: srcs", srcs)
	srcs = slices.Clone(srcs)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.New[T](ctx, handoff.DefaultLimit) // only the winner pushes
			defer q.Stop()
			r := race{winner: -1, cancels: make([]context.CancelFunc, len(srcs))}
			runners := make([]rxsse.Observable[T], len(srcs))
			for i, src := range srcs {
				runners[i] = runner(src, i, &r)
			}
			q.GoInOrder(runners...)
			deliver(q, yield)
		}
	}
}

// A race is won by the first runner that claims it.
type race struct {
	mu      sync.Mutex
	winner  int // negative until known
	cancels []context.CancelFunc
}

// enter registers how to cancel runner i, and reports whether it may run.
func (r *race) enter(i int, cancel context.CancelFunc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancels[i] = cancel
	return r.winner < 0
}

// claim reports whether runner i has won. The first claim wins and cancels the others.
func (r *race) claim(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.winner >= 0 {
		return r.winner == i
	}
	r.winner = i
	for j, cancel := range r.cancels {
		if j != i && cancel != nil {
			cancel()
		}
	}
	return true
}

// runner returns a stream that runs src while it can win or has won.
func runner[T any](src rxsse.Observable[T], i int, r *race) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			if !r.enter(i, cancel) {
				return
			}
			won := false
			src(ctx)(func(v T, err error) bool {
				won = won || r.claim(i)
				return won && yield(v, err) && err == nil
			})
			r.claim(i)
		}
	}
}
