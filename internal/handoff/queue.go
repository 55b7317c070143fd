// Package handoff moves items from the goroutines that run upstreams to the one that ranges
// over an operator's result. All asynchronous operators cross goroutines here.
//
// A [Queue] belongs to one consumer. Each upstream has its own [Producer], from which the
// consumer takes all items at once. An item costs its producer one atomic store, a consumer
// that is behind takes many items with one lock, and producers wake it only while it waits.
// This makes the boundary several times cheaper than a channel. The queue is bounded in
// items and, for events, in bytes: while it is full, producers wait or follow their
// [Overflow].
//
// A [Group] receives the same number of items from each of several queues. A [Multicast]
// hands one stream to many queues. A [Semaphore] bounds the items in flight between two
// goroutines, and a [Ring] holds items for one.
package handoff

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
)

// DefaultLimit is the number of items a queue holds for operators that do not let their
// caller choose. It is large enough that switching goroutines costs little per item, and
// small enough that little is read ahead.
const DefaultLimit = 256

// A Signal is the reason why Receive returned.
type Signal int

const (
	// Items means that the batch holds at least one item.
	Items Signal = iota
	// Tick means that the timer fired and no item is queued.
	Tick
	// End means that the stream has ended; Err returns how.
	End
)

// A Queue connects producers, one per upstream, to one consumer. The consumer calls Go for
// each upstream, then Receive until it returns End or nothing more is wanted, and always
// Stop when it leaves.
type Queue[T any] struct {
	*consumer

	limit     int          // of items; MaxBytes of them also fill the queue
	size      func(*T) int // the bytes that an item holds; nil: they are not counted
	byArrival bool         // the order and the limit hold across all producers
	overflow  Overflow

	_      [64]byte     // producers write the next fields for each item, and only read those above
	pushed atomic.Int64 // the newest reserved ticket
	bytes  atomic.Int64 // of the items in a queue by arrival
	_      [64]byte
	taken  atomic.Int64 // the newest ticket that the consumer has taken

	// The consumer's.
	pending   []*Producer[T] // those with items for the next batches
	last      int64          // newest ticket of their items, or above
	delivered int64          // newest ticket of the batch
	lent      []T            // the batch
	merged    []T            // a batch of many, or of one item that might be dropped
	places    [][]T          // parts of a batch, each at the ticket of its first item; empty between batches
	placed    int            // number of places in use
	newest    int            // index of the last one added
	rest      []T            // in a group: the part of the batch not received yet

	// Guarded by the lock of the consumer.
	listed    []*Producer[T]     // those with items
	blocked   Ring[*Producer[T]] // those that wait for room in a queue by arrival, longest first
	producers int                // upstreams that have not ended
	completed bool               // all completed before any upstream of the consumer failed
	quiet     bool               // items do not wake the consumer
	again     bool               // the consumer calls idle once more before it waits: see [Producer.AskAgain]
}

// New returns a queue for one producer, or for several whose items may arrive in any order.
// Each producer waits while limit of its items are queued, not counting the batch that the
// consumer works on. Once ctx is cancelled, Receive returns End with its cause.
func New[T any](ctx context.Context, limit int) *Queue[T] {
	return NewOverflowing[T](ctx, limit, Overflow{})
}

// NewOverflowing returns a queue for one producer that holds up to limit items and handles
// further items according to overflow. Unless the policy is Block, batches have one item, so
// limit is exact: it excludes only the item that the consumer works on.
func NewOverflowing[T any](ctx context.Context, limit int, overflow Overflow) *Queue[T] {
	q := NewDetached[T](limit)
	q.ctx, q.overflow = ctx, overflow
	q.upstream, q.cancel = context.WithCancel(ctx)
	return q
}

// NewDetached returns a queue whose consumer is not known yet: the consumer calls Attach
// before any other method. The upstream runs elsewhere.
func NewDetached[T any](limit int) *Queue[T] {
	return &Queue[T]{consumer: newConsumer(), limit: limit, size: SizeOf[T]()}
}

// OnIdle sets a function that the consumer calls once each time it has handled all items and
// is about to wait for more. Call OnIdle before Attach.
func (q *Queue[T]) OnIdle(f func()) { q.idle = f }

// Attach gives a detached queue the context of its consumer.
func (q *Queue[T]) Attach(ctx context.Context) { q.ctx = ctx }

// Go runs src on its own goroutine until src ends or the queue is stopped. After a failure,
// it does nothing and returns false. The stream completes when all upstreams have completed,
// so call Go before that: in the consumer, or while another upstream runs.
func (q *Queue[T]) Go(src rxsse.Observable[T]) bool { return q.GoThen(src, nil) }

// GoThen is Go, but also calls then, unless nil, after the outcome of src is recorded.
func (q *Queue[T]) GoThen(src rxsse.Observable[T], then func()) bool {
	p := q.AddProducer()
	if q.closed.Load() {
		return false
	}
	// Ends when src does; Stop cancels the context of src and waits for it.
	q.running.Go(func() {
		if then != nil {
			defer then()
		}
		p.run(q.upstream, src)
	})
	return true
}

// AddProducer returns a producer for an upstream that runs elsewhere. The upstream pushes
// its items and calls Finish once. Call AddProducer before all other upstreams have ended.
func (q *Queue[T]) AddProducer() *Producer[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.producers++
	return &Producer[T]{queue: q, space: make(chan struct{}, 1)}
}

// list adds p to the producers that have items, and wakes the consumer if it waits.
func (q *Queue[T]) list(p *Producer[T]) {
	q.mu.Lock()
	q.listed = append(q.listed, p)
	if q.quiet {
		q.mu.Unlock()
		return
	}
	q.wakeAndUnlock()
}

// finish records the outcome of an upstream.
func (q *Queue[T]) finish(o Outcome) {
	q.mu.Lock()
	q.producers--
	q.recordFailure(o)
	q.completed = q.producers == 0 && !q.failed
	q.wakeAndUnlock()
}

// Receive returns the items queued since the last call, as a batch that is valid until the
// next one. If none are queued, it waits for an item, for timer (nil: never), for the end of
// the stream, or for the context.
//
// A panic of an upstream is raised here, after the items queued before it.
func (q *Queue[T]) Receive(timer <-chan time.Time) ([]T, Signal) {
	q.release()
	asked := q.idle == nil
	for {
		if q.ctx.Err() != nil {
			q.endedWith = context.Cause(q.ctx)
			return nil, End
		}
		if items, ok := q.Newer(); ok {
			return items, Items
		}
		q.mu.Lock()
		switch {
		case len(q.listed) > 0:
			q.mu.Unlock()
			continue
		case q.failed || q.producers == 0:
			q.mu.Unlock()
			q.raise()
			q.endedWith = q.outcome.err
			return nil, End
		case !asked || q.again && q.idle != nil:
			q.again = false
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
	}
}

// release clears the delivered batch, to keep nothing alive.
func (q *Queue[T]) release() {
	clear(q.lent)
	q.lent = nil
}

// Newer is Receive without waiting. It reports whether any item was queued.
func (q *Queue[T]) Newer() ([]T, bool) {
	for {
		if len(q.pending) == 0 && !q.collect() {
			return nil, false
		}
		q.release()
		if q.takeBatch(); len(q.lent) > 0 {
			return q.lent, true
		}
	}
}

// takeBatch takes the items of one pending producer, or of all in a queue by arrival. If the
// queue may drop items, it takes only one. There may be none.
func (q *Queue[T]) takeBatch() {
	if q.byArrival {
		q.merge()
		return
	}
	last := len(q.pending) - 1
	p := q.pending[last]
	var more bool
	if q.overflow.Policy == Block {
		q.lent, more = p.take()
	} else {
		q.merged, more = p.takeOne(q.merged[:0])
		q.lent = q.merged
	}
	if !more {
		q.pending[last] = nil
		q.pending = q.pending[:last]
	}
}

// collect moves the listed producers to pending, and makes room for the items that will be
// taken from them.
func (q *Queue[T]) collect() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.listed) == 0 {
		return false
	}
	q.pending, q.listed = q.listed, q.pending[:0]
	if q.byArrival {
		q.last = q.pushed.Add(1) // ends all runs
		q.taken.Store(q.last)
		if q.blocked.Len() > 0 {
			nudge(q.blocked.Pop().space) // it pushes an item, and the next collect wakes the next producer
		}
	}
	return true
}
