// Package handoff moves items from the goroutines that run upstreams to the one
// that ranges over an operator's result: the one goroutine boundary that all
// asynchronous operators share.
//
// A [Queue] is a mutex-guarded slice that the consumer takes whole. Producers
// wake the consumer only when it waits, and a consumer that is behind finds many
// items for one lock, which makes the boundary several times cheaper than a
// channel. The queue is bounded: producers wait while it is full.
package handoff

import (
	"context"
	"sync"
	"time"

	"github.com/rxsse/rxsse"
)

// DefaultLimit is the number of items a queue holds for operators that do not
// let their caller choose: large enough that switching goroutines costs little
// per item, small enough that little is read ahead.
const DefaultLimit = 256

// A Signal says why Receive returned.
type Signal int

const (
	// Items means that the batch holds at least one item.
	Items Signal = iota
	// Tick means that the timer fired and no item is queued.
	Tick
	// End means that the stream is over: Err tells how.
	End
)

// A Queue connects producers, one goroutine for each upstream, to one consumer.
// The consumer calls Go for each upstream, Receive until it returns End or
// nothing more is wanted, and Stop, always, when it leaves.
type Queue[T any] struct {
	ctx      context.Context //nolint:containedctx // the subscription's; a queue ends with it
	upstream context.Context //nolint:containedctx // ends earlier: on Stop, or when an upstream fails
	cancel   context.CancelFunc
	limit    int
	overflow Overflow

	idle      func()        // called when the consumer is about to wait, unless it is nil: see Fan
	ready     chan struct{} // wakes the consumer; holds one token
	taken     []T           // the batch lent to the consumer
	done      sync.WaitGroup
	endedWith error

	mu        sync.Mutex
	space     sync.Cond // producers wait here while the queue is full
	items     []T       // what the consumer will be given next, from head on
	head      int       // always 0 unless items are taken one at a time
	producers int       // upstreams that may still push
	waiting   bool      // the consumer is about to wait on ready
	stopped   bool      // nothing more is wanted
	failed    bool      // an upstream failed: nothing may follow its error
	ending    Ending
}

// New returns a queue that holds up to limit items besides the batch that the
// consumer works on; producers wait while it is full. The context bounds the
// subscription: once it is cancelled, Receive returns End with its cause.
func New[T any](ctx context.Context, limit int) *Queue[T] {
	return NewOverflowing[T](ctx, limit, Overflow{})
}

// NewOverflowing returns a queue that holds up to limit items and deals with more
// as overflow says. Unless that is to wait, batches are of one item, so that limit
// is exact: only the item that the consumer works on is beyond it.
func NewOverflowing[T any](ctx context.Context, limit int, overflow Overflow) *Queue[T] {
	q := &Queue[T]{ctx: ctx, limit: limit, overflow: overflow, ready: make(chan struct{}, 1)}
	q.space.L = &q.mu
	q.upstream, q.cancel = context.WithCancel(ctx) //nolint:gosec // Stop calls it
	return q
}

// Go runs src on a goroutine of its own until it ends, fails, or the queue is
// stopped. The consumer calls it before it asks for the end of the stream: the
// stream is complete when all upstreams are.
func (q *Queue[T]) Go(src rxsse.Observable[T]) {
	q.Expect()
	// Ends when src does; Stop cancels the context of src and waits for it.
	q.done.Go(func() { Run(q.upstream, src, q.Push, q.Finish) })
}

// Expect announces an upstream that runs elsewhere and will Push its items here,
// and Finish once. The consumer calls it before it asks for the end of the stream.
func (q *Queue[T]) Expect() {
	q.mu.Lock()
	q.producers++
	q.mu.Unlock()
}

// Push queues v and reports whether the upstream should go on.
func (q *Queue[T]) Push(v T) bool {
	q.mu.Lock()
	for len(q.items)-q.head >= q.limit && !q.stopped && !q.failed {
		if !q.makeRoom() {
			q.mu.Unlock()
			return true
		}
	}
	if q.stopped || q.failed {
		q.mu.Unlock()
		return false
	}
	q.append(v)
	q.wakeAndUnlock()
	return true
}

// Finish records how one upstream ended. The first failure ends the others at
// once; the consumer gets it after what was queued before it.
func (q *Queue[T]) Finish(e Ending) {
	q.mu.Lock()
	q.producers--
	q.fail(e)
	q.wakeAndUnlock()
}

// fail records e if it is the first failure, or the first panic: that is never
// lost, though it may come as the others end because of an error.
func (q *Queue[T]) fail(e Ending) {
	switch {
	case e.Completed():
	case !q.failed:
		q.failed, q.ending = true, e
		q.space.Broadcast()
		q.cancel()
	case !q.ending.raises():
		q.ending.panicked, q.ending.goexit = e.panicked, e.goexit
	}
}

// wakeAndUnlock wakes the consumer if it waits. Only one caller finds waiting
// set, so that the send never blocks but on a token nobody has taken yet, and
// then there is nothing to add.
func (q *Queue[T]) wakeAndUnlock() {
	wake := q.waiting
	q.waiting = false
	q.mu.Unlock()
	if wake {
		select {
		case q.ready <- struct{}{}:
		default:
		}
	}
}

// Receive returns the items queued since the last call, as a batch that is valid
// until the next one. With none queued it waits: for an item, for timer (nil:
// never), for the end of the stream, or for the context.
//
// A panic of an upstream is raised here, after what was queued before it.
func (q *Queue[T]) Receive(timer <-chan time.Time) ([]T, Signal) {
	clear(q.taken) // the consumer is done with these: keep nothing alive
	asked := q.idle == nil
	for {
		if q.ctx.Err() != nil {
			q.endedWith = context.Cause(q.ctx)
			return nil, End
		}
		q.mu.Lock()
		if len(q.items) > 0 {
			q.take()
			q.mu.Unlock()
			return q.taken, Items
		}
		if q.failed || q.producers == 0 {
			q.mu.Unlock()
			q.raise()
			q.endedWith = q.ending.err
			return nil, End
		}
		if !asked {
			q.mu.Unlock()
			q.idle()
			asked = true
			continue
		}
		q.waiting = true
		q.mu.Unlock()

		select {
		case <-q.ready:
		case <-q.ctx.Done():
		case <-timer:
			return nil, Tick
		}
		asked = q.idle == nil
	}
}

// Newer is Receive that does not wait: it reports whether there was anything.
func (q *Queue[T]) Newer() ([]T, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == q.head {
		return nil, false
	}
	q.take()
	return q.taken, true
}

// Err tells how the stream ended, once Receive has returned End: nil for
// completion, the error of the upstream that failed first, or the cause of the
// cancelled context.
func (q *Queue[T]) Err() error { return q.endedWith }

// Cancelled reports whether the subscription's context is done. The consumer
// asks between the items of a batch, so that nothing follows a cancellation.
func (q *Queue[T]) Cancelled() bool { return q.ctx.Err() != nil }

// Stop ends the subscription: it cancels the upstreams, waits until their
// goroutines are gone, and raises a panic of theirs that Receive did not.
func (q *Queue[T]) Stop() {
	q.cancel()
	q.mu.Lock()
	q.stopped = true
	q.space.Broadcast()
	q.mu.Unlock()
	q.done.Wait()
	q.raise()
}

// raise repeats, once, a producer's panic or exit on the calling goroutine.
func (q *Queue[T]) raise() {
	q.mu.Lock()
	e := q.ending
	q.ending = Ending{err: e.err}
	q.mu.Unlock()
	e.Raise()
}
