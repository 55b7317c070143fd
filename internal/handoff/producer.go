package handoff

import (
	"math"
	"sync"
	"time"
)

// A Producer is the end of a queue at which one upstream pushes its items. It
// gathers them in a batch of its own, which the consumer takes whole, so that
// producers share a lock once a batch and not once an item. Its methods are for one
// goroutine.
type Producer[T any] struct {
	queue *Queue[T]
	space chan struct{} // wakes the producer while it waits for room; holds one token

	// The batch that the consumer took last, to be used again. The consumer's.
	taken        []T
	takenTickets []int64

	mu      sync.Mutex
	items   []T     // the batch, from head on
	head    int     // always 0 unless the consumer takes items one at a time
	bytes   int     // of the items
	counted int     // bytes that a queue by arrival knows of
	tickets []int64 // of the items, if the queue keeps the order of arrival
	listed  bool    // the queue knows that there are items
	blocked bool    // the producer waits for room
}

// Push queues v and reports whether the upstream should go on. Under Block it waits
// while the queue is full.
func (p *Producer[T]) Push(v T) bool {
	p.mu.Lock()
	for {
		switch {
		case p.queue.closed.Load():
			p.mu.Unlock()
			return false
		case p.reserve():
			p.append(v)
			p.mu.Unlock()
			return true
		case p.queue.overflow.Policy == Block:
			p.blocked = true
			p.mu.Unlock()
			p.wait(nil, nil)
			p.mu.Lock()
		case !p.makeRoom():
			p.mu.Unlock()
			return true
		}
	}
}

// reserve takes the room of one item, or returns false if there is none. The
// producer is listed before it has a ticket: the consumer then finds all items up
// to the newest ticket with the producers that are listed. Called with the lock
// held.
func (p *Producer[T]) reserve() bool {
	if !p.queue.byArrival {
		if p.full() {
			return false
		}
		p.list()
		return true
	}
	for {
		n := p.queue.pushed.Load()
		if p.queue.full(n) {
			return false
		}
		p.list()
		if p.queue.pushed.CompareAndSwap(n, n+1) {
			p.tickets = append(p.tickets, n+1)
			return true
		}
	}
}

// list has the consumer know that there are items. Called with the lock held.
func (p *Producer[T]) list() {
	if !p.listed {
		p.listed = true
		p.queue.list(p)
	}
}

// full reports whether there is no room for an item. Called with the lock held.
func (p *Producer[T]) full() bool {
	if q := p.queue; q.byArrival {
		return q.full(q.pushed.Load())
	}
	return p.len() >= p.queue.limit || p.bytes >= MaxBytes
}

// len returns the number of queued items. Called with the lock held.
func (p *Producer[T]) len() int { return len(p.items) - p.head }

// PushBatch queues the first of items, as many as there is room for, and returns
// their number. If nothing more is wanted it drops all items. It is for queues with
// a single producer.
func (p *Producer[T]) PushBatch(items []T) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.closed.Load() {
		return len(items)
	}
	n := 0
	if len(items) > 0 && !p.full() {
		n = min(len(items), p.queue.limit-p.len())
		p.appendBatch(items[:n])
	}
	p.blocked = n < len(items)
	return n
}

// appendBatch queues items, of which there is at least one. Called with the lock held.
func (p *Producer[T]) appendBatch(items []T) {
	p.items = append(p.items, items...)
	p.bytes += total(p.queue.size, items)
	p.list()
}

// pushAll queues items for which there is room, or drops them if nothing more is wanted.
func (p *Producer[T]) pushAll(items []T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.queue.closed.Load() {
		p.appendBatch(items)
		p.blocked = false
	}
}

// WaitForRoom waits until there may be room for an item, nothing more is wanted,
// or timer or done fires. It reports whether the caller should try again.
func (p *Producer[T]) WaitForRoom(timer <-chan time.Time, done <-chan struct{}) bool {
	p.mu.Lock()
	p.blocked = p.full()
	blocked := p.blocked
	p.mu.Unlock()
	return !blocked || p.wait(timer, done)
}

// wait waits until the consumer has made room. The producer is marked as blocked.
func (p *Producer[T]) wait(timer <-chan time.Time, done <-chan struct{}) bool {
	if p.queue.byArrival && !p.queue.block(p) {
		return true
	}
	select {
	case <-p.space:
	case <-p.queue.stop:
	case <-timer:
		return false
	case <-done:
		return false
	}
	return true
}

// room returns for how many items there is room: any number, once nothing more is
// wanted.
func (p *Producer[T]) room() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.closed.Load() {
		return math.MaxInt
	}
	if p.bytes >= MaxBytes {
		return 0
	}
	return max(0, p.queue.limit-p.len())
}

// AskAgain has the consumer call its [Queue.OnIdle] function once more before it waits, or
// now if it waits.
func (p *Producer[T]) AskAgain() {
	p.queue.mu.Lock()
	p.queue.again = true
	p.queue.wakeAndUnlock()
}

// IfEmpty calls f if no item is queued, and none is while f runs.
func (p *Producer[T]) IfEmpty(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.len() == 0 {
		f()
	}
}

// Finish records how the upstream ended. The first failure ends the other upstreams
// at once; the consumer gets it after the items queued before it.
func (p *Producer[T]) Finish(o Outcome) { p.queue.finish(o) }

// countBytes has the queue know how many bytes the items are. Called with the lock held.
func (p *Producer[T]) countBytes() {
	p.queue.bytes.Add(int64(p.bytes - p.counted))
	p.counted = p.bytes
}

// take moves the batch, or one item of it, to taken. It reports whether more items
// are left.
func (p *Producer[T]) take() (more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.overflow.Policy != Block {
		p.taken = p.taken[:0]
		if p.len() > 0 {
			p.taken = append(p.taken, p.shift())
		}
		p.listed = p.len() > 0
		return p.listed
	}
	p.taken, p.items = p.items, p.taken[:0]
	p.bytes = 0
	p.listed = false
	if p.blocked {
		p.blocked = false
		nudge(p.space)
	}
	return false
}

// takeUpTo moves the items with tickets up to last to taken. It reports whether
// more items are left, which came while the consumer looked.
func (p *Producer[T]) takeUpTo(last int64) (more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.tickets)
	for n > 0 && p.tickets[n-1] > last {
		n--
	}
	if size := p.queue.size; size != nil {
		p.bytes -= total(size, p.items[:n])
		p.countBytes()
	}
	left := append(p.taken[:0], p.items[n:]...) //nolint:gocritic // the two slices change places
	clear(p.items[n:])
	p.items, p.taken = left, p.items[:n]
	p.tickets, p.takenTickets = append(p.takenTickets[:0], p.tickets[n:]...), p.tickets[:n]
	p.listed = len(p.items) > 0
	return p.listed
}
