package operators

import (
	"context"
	"iter"
	"sync"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Parallel delivers f of each item of src, in the order of src, with up to n calls
// of f at once. An n that is not positive panics.
//
//	src:                  -1-2-3---|
//	f:                     ---1|
//	                         -2|
//	                           -3|
//	Parallel(src, 2, f):  ----(12)-3|
//
// The context given to f ends with the subscription. An error of f ends the stream
// in the place of its result: what comes before it is delivered, what comes after
// it is dropped, and no further call is made once it is known. Parallel completes,
// or fails with an error of src, when src has ended and all that came before is
// delivered. On cancel it ends with the cause. A panic in f reaches the consumer and
// ends the other calls.
//
// It runs src and the n calls on goroutines of their own. From src, at most 256
// items, or n if that is more, are read ahead of what has been delivered.
func Parallel[T, R any](src rxsse.Observable[T], n int, f func(context.Context, T) (R, error)) rxsse.Observable[R] {
	mustNotBeNil("Parallel: src", src == nil)
	mustNotBeNil("Parallel: f", f == nil)
	mustBePositive("Parallel: n", n)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			p := newPool(ctx, src, n, true, f)
			defer p.stop()
			o := inOrder[R]{ring: make([]answer[R], p.limit)}
			p.run(func(a answer[R]) (int, bool) { return o.add(a, yield) }, yield)
		}
	}
}

// ParallelUnordered is [Parallel] that delivers each result as soon as it is
// there, whatever the order of src.
//
//	src:                           -1-2-3---|
//	f:                              ---1|
//	                                  -2|
//	                                    -3|
//	ParallelUnordered(src, 2, f):  ----2-1-3|
//
// An error of f ends the stream, and the other calls, at once; it is delivered
// after the results that had come before it. All else is as in Parallel.
func ParallelUnordered[T, R any](src rxsse.Observable[T], n int, f func(context.Context, T) (R, error)) rxsse.Observable[R] {
	mustNotBeNil("ParallelUnordered: src", src == nil)
	mustNotBeNil("ParallelUnordered: f", f == nil)
	mustBePositive("ParallelUnordered: n", n)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			p := newPool(ctx, src, n, false, f)
			defer p.stop()
			p.run(func(a answer[R]) (int, bool) { return 1, yield(a.value, a.err) && a.err == nil }, yield)
		}
	}
}

// A pool runs a function on the items of a stream, on many goroutines.
type pool[T, R any] struct {
	limit   int
	gate    *gate
	tasks   tasks[T]
	answers *handoff.Queue[answer[R]]
	failure error // of the source; read once answers has ended
}

// An answer is what came of the item with this number.
type answer[R any] struct {
	number int
	ready  bool
	value  R
	err    error
}

func newPool[T, R any](ctx context.Context, src rxsse.Observable[T], n int, ordered bool, f func(context.Context, T) (R, error)) *pool[T, R] {
	limit := max(n, handoff.DefaultLimit)
	p := &pool[T, R]{
		limit:   limit,
		gate:    newGate(limit),
		answers: handoff.New[answer[R]](ctx, limit),
	}
	p.tasks.more.L = &p.tasks.mu
	p.answers.Go(p.reading(src))
	for range n {
		p.answers.Go(p.working(f, ordered))
	}
	return p
}

func (p *pool[T, R]) stop() {
	p.tasks.abandon()
	p.answers.Stop()
}

// reading makes tasks of the items of src.
func (p *pool[T, R]) reading(src rxsse.Observable[T]) rxsse.Observable[answer[R]] {
	return func(ctx context.Context) iter.Seq2[answer[R], error] {
		return func(func(answer[R], error) bool) {
			defer p.tasks.close()
			defer context.AfterFunc(ctx, p.tasks.abandon)()
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					p.failure = err
					return false
				}
				return p.gate.pass(ctx) && p.tasks.put(v)
			})
		}
	}
}

// working calls f for one task after the other. No further one is begun after an
// error: in order that is an answer, which waits for its turn, and otherwise the end
// of the stream.
func (p *pool[T, R]) working(f func(context.Context, T) (R, error), ordered bool) rxsse.Observable[answer[R]] {
	return func(ctx context.Context) iter.Seq2[answer[R], error] {
		return func(yield func(answer[R], error) bool) {
			for {
				v, number, ok := p.tasks.take()
				if !ok {
					return
				}
				r, err := f(ctx, v)
				if err != nil {
					p.tasks.abandon()
					var zero R
					r = zero
					if !ordered {
						yield(answer[R]{}, err)
						return
					}
				}
				if !yield(answer[R]{number, true, r, err}, nil) {
					return
				}
			}
		}
	}
}

// run hands all answers to deliver, which returns how many it is done with and
// whether to go on, and then the error with which the stream ends to yield.
func (p *pool[T, R]) run(deliver func(answer[R]) (int, bool), yield func(R, error) bool) {
	for {
		batch, signal := p.answers.Receive(nil)
		if signal == handoff.End {
			break
		}
		delivered := 0
		for _, a := range batch {
			if p.answers.Cancelled() {
				break
			}
			n, goOn := deliver(a)
			if !goOn {
				return
			}
			delivered += n
		}
		p.gate.release(delivered)
	}
	err := p.answers.Err()
	if err == nil {
		err = p.failure
	}
	if err != nil {
		var zero R
		yield(zero, err)
	}
}

// inOrder holds answers back until it is their turn.
type inOrder[R any] struct {
	ring []answer[R] // the one with number i at i modulo its length
	next int
}

// add delivers a and those after it that have waited for it.
func (o *inOrder[R]) add(a answer[R], yield func(R, error) bool) (delivered int, goOn bool) {
	o.ring[a.number%len(o.ring)] = a
	for {
		slot := &o.ring[o.next%len(o.ring)]
		if !slot.ready {
			return delivered, true
		}
		a := *slot
		*slot = answer[R]{}
		o.next++
		delivered++
		if !yield(a.value, a.err) || a.err != nil {
			return delivered, false
		}
	}
}

// tasks are the items that wait for a worker.
type tasks[T any] struct {
	mu     sync.Mutex
	more   sync.Cond
	items  fifo[T]
	taken  int // number of the next item to be taken
	closed bool
}

// put adds an item and reports whether it will be dealt with.
func (t *tasks[T]) put(v T) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.items.push(v)
	t.more.Signal()
	return true
}

// take waits for an item. It returns false when there will be none.
func (t *tasks[T]) take() (v T, number int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.items.len() == 0 {
		if t.closed {
			return v, 0, false
		}
		t.more.Wait()
	}
	number = t.taken
	t.taken++
	return t.items.pop(), number, true
}

// close says that no item will be added.
func (t *tasks[T]) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.more.Broadcast()
}

// abandon drops the items that nobody has taken.
func (t *tasks[T]) abandon() {
	t.mu.Lock()
	t.items = fifo[T]{}
	t.mu.Unlock()
	t.close()
}
