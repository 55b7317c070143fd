// Package handoff moves items from the goroutines that run upstreams to the one
// that ranges over an operator's result. All asynchronous operators cross
// goroutines here.
//
// A [Queue] belongs to one consumer. Each upstream has a [Producer] of its own: a
// slice under a mutex, which the consumer takes whole. A consumer that is behind
// finds many items for one lock, and producers wake it only while it waits. This
// makes the boundary several times cheaper than a channel. The queue is bounded in
// items and, for events, in bytes: producers wait while it is full, or do what their
// [Overflow] says.
//
// A [Multicast] hands one stream to many queues. A [Semaphore] bounds the items
// that a consumer holds after it has taken them, and a [Ring] holds them.
package handoff

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
)

// DefaultLimit is the number of items a queue holds for operators that do not let
// their caller choose. It is large enough that switching goroutines costs little per
// item, and small enough that little is read ahead.
const DefaultLimit = 256

// A Signal says why Receive returned.
type Signal int

const (
	// Items means that the batch holds at least one item.
	Items Signal = iota
	// Tick means that the timer fired and no item is queued.
	Tick
	// End means that the stream has ended; Err returns how.
	End
)

// A Queue connects producers, one for each upstream, to one consumer. The consumer
// calls Go for each upstream, Receive until it returns End or nothing more is
// wanted, and Stop, always, when it leaves.
type Queue[T any] struct {
	ctx       context.Context //nolint:containedctx // the subscription's; a queue ends with it
	upstream  context.Context //nolint:containedctx // ends earlier: on Stop, or when an upstream fails
	cancel    context.CancelFunc
	limit     int          // of items; a queue with MaxBytes of them is full as well
	size      func(*T) int // the bytes that an item holds; nil: they are not counted
	byArrival bool         // the order of items is kept over all producers, and so is the limit
	overflow  Overflow

	idle    func()        // called before the consumer waits, unless it is nil: see Multicast
	ready   chan struct{} // wakes the consumer; holds one token
	stop    chan struct{} // closed with closed
	closed  atomic.Bool   // nothing more is wanted: Stop was called, or an upstream failed
	running sync.WaitGroup

	pushed, taken atomic.Int64 // tickets given out, and those the consumer has taken
	bytes         atomic.Int64 // of the items in a queue by arrival

	// The consumer's.
	pending   []*Producer[T] // those that have items for the next batches
	last      int64          // newest ticket of their items
	delivered int64          // newest ticket of the batch
	lent      []T            // the batch
	merged    []T            // a batch made of many
	endedWith error

	mu        sync.Mutex
	listed    []*Producer[T] // those that have items
	blocked   []*Producer[T] // those that wait for room in a queue by arrival
	producers int            // upstreams that have not ended
	waiting   bool           // the consumer is about to wait on ready
	failed    bool           // an upstream failed: nothing may follow its error
	outcome   Outcome
}

// New returns a queue for one producer, or for producers whose items may come in any
// order. Each producer waits while limit items of its own are queued, besides the
// batch that the consumer works on. Once ctx is cancelled, Receive returns End with
// its cause.
func New[T any](ctx context.Context, limit int) *Queue[T] {
	return NewOverflowing[T](ctx, limit, Overflow{})
}

// NewByArrival returns a queue for many producers that keeps the order in which
// their items arrived. All producers together wait while limit items are queued.
func NewByArrival[T any](ctx context.Context, limit int) *Queue[T] {
	q := New[T](ctx, limit)
	q.byArrival = true
	return q
}

// NewOverflowing returns a queue for one producer that holds up to limit items and
// deals with more as overflow says. Unless that is to wait, batches are of one item,
// so that limit is exact: only the item that the consumer works on is beyond it.
func NewOverflowing[T any](ctx context.Context, limit int, overflow Overflow) *Queue[T] {
	q := NewDetached[T](limit)
	q.ctx, q.overflow = ctx, overflow
	q.upstream, q.cancel = context.WithCancel(ctx) //nolint:gosec // Stop calls it
	return q
}

// NewDetached returns a queue whose consumer is not known yet: it calls Attach
// before it calls anything else. The upstream runs elsewhere.
func NewDetached[T any](limit int) *Queue[T] {
	return &Queue[T]{
		limit: limit, size: SizeOf[T](), cancel: func() {},
		ready: make(chan struct{}, 1), stop: make(chan struct{}),
	}
}

// OnIdle has f called whenever the consumer has dealt with all items and is about to
// wait for more. It is called before the consumer is known.
func (q *Queue[T]) OnIdle(f func()) { q.idle = f }

// Attach gives a detached queue the context of its consumer.
func (q *Queue[T]) Attach(ctx context.Context) { q.ctx = ctx }

// Go runs src on a goroutine of its own until src ends or fails, or the queue is
// stopped. After a failure it does nothing and returns false. The stream completes
// when all upstreams have, so Go is called before that: by the consumer, or while
// another upstream runs.
func (q *Queue[T]) Go(src rxsse.Observable[T]) bool { return q.GoThen(src, nil) }

// GoThen is Go that calls then, unless it is nil, after the outcome of src is
// recorded.
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
		Run(q.upstream, src, p.Push, p.Finish)
	})
	return true
}

// GoInOrder runs each of srcs as Go does. They start one after the other: each when
// the one before it has ended, or waits for something. With virtual time that is
// exact. Otherwise it is a head start, which costs a millisecond at most, however
// many there are.
func (q *Queue[T]) GoInOrder(srcs ...rxsse.Observable[T]) {
	start := time.Now()
	var before chan struct{}
	for i, src := range srcs {
		turn, ended := before, make(chan struct{})
		q.GoThen(func(ctx context.Context) iter.Seq2[T, error] {
			if turn != nil && !waitForTurn(ctx, turn, start.Add(time.Duration(i))) {
				return func(func(T, error) bool) {}
			}
			return src(ctx)
		}, func() { close(ended) })
		before = ended
	}
}

// waitForTurn waits until before is closed, or the time is at. A fake clock stands
// still while any goroutine runs, which is what makes the order exact.
func waitForTurn(ctx context.Context, before <-chan struct{}, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-before:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// AddProducer adds an upstream that runs elsewhere: it pushes its items to the
// producer and calls Finish once. The consumer calls it before it asks for the end of
// the stream.
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
	q.wakeAndUnlock()
}

// full reports whether a queue by arrival holds as many items, or bytes, as it may. It
// is not full without an item: then no consumer would make room.
func (q *Queue[T]) full() bool {
	n := q.pushed.Load() - q.taken.Load()
	return n >= int64(q.limit) || n > 0 && q.bytes.Load() >= MaxBytes
}

// block adds p to the producers that the consumer wakes when it has made room. It
// returns false if there is room.
func (q *Queue[T]) block(p *Producer[T]) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.full() {
		return false
	}
	q.blocked = append(q.blocked, p)
	return true
}

// finish records the outcome of an upstream.
func (q *Queue[T]) finish(o Outcome) {
	q.mu.Lock()
	q.producers--
	q.recordFailure(o)
	q.wakeAndUnlock()
}

// fail ends the stream with o.
func (q *Queue[T]) fail(o Outcome) {
	q.mu.Lock()
	q.recordFailure(o)
	q.wakeAndUnlock()
}

// recordFailure records o if it is the first failure. A panic is always recorded:
// it may come as the upstreams end because of an error, and must not be lost.
func (q *Queue[T]) recordFailure(o Outcome) {
	switch {
	case o.Completed():
	case !q.failed:
		q.failed, q.outcome = true, o
		q.close()
	case !q.outcome.Raises():
		q.outcome.panicked, q.outcome.goexit = o.panicked, o.goexit
	}
}

// close ends the upstreams, which then cannot push. Called with the lock held.
func (q *Queue[T]) close() {
	if !q.closed.Swap(true) {
		close(q.stop)
		q.cancel()
	}
}

// wakeAndUnlock wakes the consumer if it waits. Only one caller finds waiting set.
func (q *Queue[T]) wakeAndUnlock() {
	wake := q.waiting
	q.waiting = false
	q.mu.Unlock()
	if wake {
		nudge(q.ready)
	}
}

// Receive returns the items queued since the last call, as a batch that is valid
// until the next one. With none queued it waits: for an item, for timer (nil:
// never), for the end of the stream, or for the context.
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
		case !asked:
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

// release clears the batch, which the consumer is done with, to keep nothing alive.
func (q *Queue[T]) release() {
	clear(q.lent)
	q.lent = nil
}

// Newer is Receive that does not wait. It reports whether any item was queued; if
// not, the last batch stays valid.
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

// takeBatch takes the items of one pending producer, or of all, if the queue keeps
// the order of arrival. There may be none.
func (q *Queue[T]) takeBatch() {
	if q.byArrival {
		q.merge()
		return
	}
	last := len(q.pending) - 1
	p := q.pending[last]
	if !p.take() {
		q.pending[last] = nil
		q.pending = q.pending[:last]
	}
	q.lent = p.taken
}

// collect moves the listed producers to pending, and makes room for as many items as
// will be taken from them.
func (q *Queue[T]) collect() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.listed) == 0 {
		return false
	}
	q.pending, q.listed = q.listed, q.pending[:0]
	if q.byArrival {
		q.last = q.pushed.Load()
		q.taken.Store(q.last)
		for _, p := range q.blocked {
			nudge(p.space)
		}
		clear(q.blocked)
		q.blocked = q.blocked[:0]
	}
	return true
}

// merge takes the items of all pending producers, in the order of their tickets.
// Tickets have no gaps: the ticket of an item is its place in the batch.
func (q *Queue[T]) merge() {
	n := int(q.last - q.delivered)
	single := len(q.pending) == 1
	if !single {
		q.merged = slices.Grow(q.merged[:0], n)[:n]
		q.lent = q.merged
	}
	for _, p := range q.pending {
		if p.takeUpTo(q.last) {
			q.relist(p)
		}
		if single {
			q.lent = p.taken
			break
		}
		for i, ticket := range p.takenTickets {
			q.merged[ticket-q.delivered-1] = p.taken[i]
		}
		clear(p.taken)
	}
	q.delivered = q.last
	clear(q.pending)
	q.pending = q.pending[:0]
}

// relist lists a producer that has more items than the consumer took.
func (q *Queue[T]) relist(p *Producer[T]) {
	q.mu.Lock()
	q.listed = append(q.listed, p)
	q.mu.Unlock()
}

// Err returns how the stream ended, once Receive has returned End: nil for
// completion, the error of the upstream that failed first, or the cause of the
// cancelled context.
func (q *Queue[T]) Err() error { return q.endedWith }

// Cancelled reports whether the subscription's context is done. The consumer asks
// between the items of a batch, so that nothing follows a cancellation.
func (q *Queue[T]) Cancelled() bool { return q.ctx.Err() != nil }

// Stop ends the subscription: it cancels the upstreams, waits until their goroutines
// are gone, and raises a panic of theirs that Receive did not raise.
func (q *Queue[T]) Stop() {
	q.mu.Lock()
	q.close()
	q.mu.Unlock()
	q.running.Wait()
	q.raise()
}

// Stopped reports whether nothing more is wanted.
func (q *Queue[T]) Stopped() bool { return q.closed.Load() }

// raise repeats, once, a producer's panic or exit on the calling goroutine.
func (q *Queue[T]) raise() {
	q.mu.Lock()
	o := q.outcome
	q.outcome = Outcome{err: o.err}
	q.mu.Unlock()
	o.Raise()
}
