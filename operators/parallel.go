package operators

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

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
// It runs src on a goroutine of its own, and the calls on up to n others, which it
// starts as items need them. From src, at most 256 items, or n if that is more, are
// read ahead of what has been delivered.
//
// While items wait and calls are fast, goroutines take several items at once, up to 64,
// so that an item costs less. A call that is slow after many fast ones may hold up
// the items taken with it.
func Parallel[T, R any](src rxsse.Observable[T], n int, f func(context.Context, T) (R, error)) rxsse.Observable[R] {
	mustNotBeNil("Parallel: src", src == nil)
	mustNotBeNil("Parallel: f", f == nil)
	mustBePositive("Parallel: n", n)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			p := newPool(ctx, src, n, true, f)
			defer p.stop()
			var o inOrder[R]
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
	return withoutPositions("ParallelUnordered", func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			p := newPool(ctx, src, n, false, f)
			defer p.stop()
			p.run(func(a answer[R]) (int, bool) { return 1, yield(a.value, a.err) && a.err == nil }, yield)
		}
	})
}

// A pool runs a function on the items of a stream, on many goroutines.
//
// A worker takes a chunk of the waiting items at once. Its chunks grow while the calls
// for a whole chunk take less than chunkTime, and are single items otherwise: what is
// slow is spread over all workers. One worker at a time is on its way to the
// items; when it has taken its chunk it wakes the next one, if items are left.
type pool[T, R any] struct {
	n       int
	ordered bool
	f       func(context.Context, T) (R, error)
	ahead   *handoff.Semaphore // bounds the items read ahead of what is delivered
	answers *handoff.Queue[answer[R]]
	failure error // of the source; read once answers has ended

	mu      sync.Mutex
	wake    sync.Cond
	waiting handoff.Ring[T] // items without a worker
	taken   int             // number of the next item to be taken
	workers int             // goroutines started
	idle    int             // workers that wait and have not been woken
	waking  bool            // a worker is on its way
	closed  bool            // no items will be added

	abandoned atomic.Bool // no call begins
}

const (
	maxChunk  = 64
	chunkTime = 20 * time.Microsecond
)

// An answer is the result for the item with this number.
type answer[R any] struct {
	number int
	ready  bool
	value  R
	err    error
}

// SizeOf implements [handoff.Wrapper].
func (*answer[R]) SizeOf() func(*answer[R]) int {
	size := handoff.SizeOf[R]()
	if size == nil {
		return nil
	}
	return func(a *answer[R]) int { return size(&a.value) }
}

func newPool[T, R any](ctx context.Context, src rxsse.Observable[T], n int, ordered bool, f func(context.Context, T) (R, error)) *pool[T, R] {
	limit := max(n, handoff.DefaultLimit)
	p := &pool[T, R]{
		n: n, ordered: ordered, f: f,
		ahead:   handoff.NewSemaphore(limit),
		answers: handoff.New[answer[R]](ctx, limit),
	}
	p.wake.L = &p.mu
	p.answers.Go(p.read(src))
	return p
}

func (p *pool[T, R]) stop() {
	p.close(true)
	p.answers.Stop()
}

// read runs src and hands its items to the workers.
func (p *pool[T, R]) read(src rxsse.Observable[T]) rxsse.Observable[answer[R]] {
	return func(ctx context.Context) iter.Seq2[answer[R], error] {
		return func(func(answer[R], error) bool) {
			defer p.close(false)
			defer context.AfterFunc(ctx, func() { p.close(true) })()
			ended := false
			src(ctx)(func(v T, err error) bool {
				switch {
				case ended:
				case err != nil:
					p.failure, ended = err, true
				default:
					ended = !p.ahead.Acquire(ctx) || !p.put(v)
				}
				return !ended
			})
		}
	}
}

// put adds an item and reports whether a worker will take it.
func (p *pool[T, R]) put(v T) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.waiting.Push(v)
	p.wakeWorker()
	return true
}

// wakeWorker wakes or starts a worker, unless one is on its way. Called with the lock
// held.
func (p *pool[T, R]) wakeWorker() {
	switch {
	case p.waking:
	case p.idle > 0:
		p.waking = true
		p.idle--
		p.wake.Signal()
	case p.workers < p.n:
		p.waking = true
		p.workers++
		p.answers.Go(p.work)
	}
}

// take waits for items and moves up to size of them to chunk. It returns the number of
// the first, and false when there will be none. A worker calls it with its last chunk,
// or with nil when it has just started.
func (p *pool[T, R]) take(chunk []T, size int) (items []T, first int, ok bool) {
	clear(chunk)
	items = chunk[:0]
	p.mu.Lock()
	defer p.mu.Unlock()
	if chunk == nil {
		p.waking = false
	}
	for p.waiting.Len() == 0 {
		if p.closed {
			return nil, 0, false
		}
		p.idle++
		p.wake.Wait()
		p.waking = false
	}
	first = p.taken
	for range min(size, p.waiting.Len()) {
		items = append(items, p.waiting.Pop())
	}
	p.taken += len(items)
	if p.waiting.Len() > 0 {
		p.wakeWorker()
	}
	return items, first, true
}

// close says that no items will be added. If it abandons, the items that wait are
// dropped.
func (p *pool[T, R]) close(abandon bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if abandon {
		p.abandoned.Store(true)
		p.waiting = handoff.Ring[T]{}
	}
	p.wake.Broadcast()
}

// work calls f for one chunk after the other.
func (p *pool[T, R]) work(ctx context.Context) iter.Seq2[answer[R], error] {
	return func(yield func(answer[R], error) bool) {
		var chunk []T
		fast := 0 // calls since the last slow chunk
		for {
			items, first, ok := p.take(chunk, min(1+fast/16, maxChunk))
			if !ok {
				return
			}
			start := time.Now()
			for i := range items {
				if p.abandoned.Load() || !p.call(ctx, items[i], first+i, yield) {
					return
				}
			}
			if fast += len(items); time.Since(start) >= chunkTime {
				fast = 0
			}
			chunk = items
		}
	}
}

// call calls f for one item and reports whether the worker goes on. No call begins
// after an error: in order the error is an answer, which waits for its turn, and
// otherwise the end of the stream.
func (p *pool[T, R]) call(ctx context.Context, v T, number int, yield func(answer[R], error) bool) bool {
	r, err := p.f(ctx, v)
	if err == nil {
		return yield(answer[R]{number: number, ready: true, value: r}, nil)
	}
	p.close(true)
	if !p.ordered {
		return fail(yield, err)
	}
	yield(answer[R]{number: number, ready: true, err: err}, nil)
	return false
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
		p.ahead.Release(delivered)
	}
	err := p.answers.Err()
	if err == nil {
		err = p.failure
	}
	if err != nil {
		fail(yield, err)
	}
}

// inOrder holds answers back until it is their turn.
type inOrder[R any] struct {
	waiting handoff.Ring[answer[R]] // from number next on; not ready where there is none yet
	next    int
}

// add delivers a and the answers after it that have waited for it.
func (o *inOrder[R]) add(a answer[R], yield func(R, error) bool) (delivered int, goOn bool) {
	place := a.number - o.next
	for o.waiting.Len() <= place {
		o.waiting.Push(answer[R]{})
	}
	*o.waiting.At(place) = a
	for o.waiting.Len() > 0 && o.waiting.At(0).ready {
		a := o.waiting.Pop()
		o.next++
		delivered++
		if !yield(a.value, a.err) || a.err != nil {
			return delivered, false
		}
	}
	return delivered, true
}
