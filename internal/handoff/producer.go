package handoff

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
)

// A Producer is an upstream's end of a queue, where it pushes its items. Its methods are for
// one goroutine.
//
// The producer writes items into its slots, and the consumer takes all published items. Both
// lock mu, with one exception: while tail is below end, the producer writes an item,
// publishes it with one atomic store, and then reads listed. The consumer clears listed
// before it reads published. So either the consumer finds the item, or the producer lists
// itself again. A queue that may drop items always locks.
type Producer[T any] struct {
	queue *Queue[T]
	space chan struct{} // wakes the producer while it waits for room; holds one token

	tail      int64 // number of the next item
	end       int64 // items before this one need no lock
	newest    int64 // the last ticket of the last run
	streak    int   // tickets since another producer took one
	uncounted int   // bytes not yet added to bytes, see countBytes
	budget    int   // the limit of uncounted

	published atomic.Int64 // tail, for the consumer
	listed    atomic.Bool  // the queue knows that there are items

	mu      sync.Mutex
	slots   slots[T] // of the items from head on, and of unreleased ones
	head    int64    // number of the first item not taken
	free    int64    // items before this one are released
	bytes   int      // of the items
	runs    []run    // of the items, in a queue by arrival
	blocked bool     // the producer waits for room
}

// run is [Run], but copies no item on its way to push. With Run, items of 80 bytes take an
// eighth more time (BenchmarkFlow/ExhaustMap).
func (p *Producer[T]) run(ctx context.Context, src rxsse.Observable[T]) {
	catch(p.Finish, func(err *error) {
		over := false
		src(ctx)(func(v T, e error) bool {
			switch {
			case over:
			case e != nil:
				over, *err = true, e
			default:
				over = !p.push(&v)
			}
			return !over
		})
	})
}

// Push queues v and reports whether the upstream should go on. Under Block it waits
// while the queue is full.
func (p *Producer[T]) Push(v T) bool { return p.push(&v) }

// push is Push, but copies the item only once, to its slot. When it takes the lock, it finds
// out how many items may follow without it.
func (p *Producer[T]) push(v *T) bool {
	q := p.queue
	if p.tail < p.end && q.pushed.Load() == p.newest && !q.closed.Load() {
		p.append(v)
		if q.size != nil && p.uncounted >= p.budget {
			p.mu.Lock()
			p.countBytes()
			p.mu.Unlock()
		}
		return true
	}
	p.mu.Lock()
	for {
		switch {
		case q.closed.Load():
			p.mu.Unlock()
			return false
		case p.reserve():
			p.append(v)
			if q.size != nil {
				p.countBytes()
			}
			p.mu.Unlock()
			return true
		case q.overflow.Policy == Block:
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

// append writes *v into its slot and publishes it.
func (p *Producer[T]) append(v *T) {
	i := p.slots.index(p.tail)
	p.slots[i] = *v
	p.tail++
	if size := p.queue.size; size != nil {
		p.uncounted += size(&p.slots[i])
	}
	p.publish()
}

// publish shows the consumer the new items. A queue that may drop them shows them under the
// lock.
func (p *Producer[T]) publish() {
	if p.queue.overflow.Policy == Block {
		p.published.Store(p.tail)
	}
	if !p.listed.Load() {
		p.list()
	}
}

// list adds the producer to those that have items, unless it is one of them.
func (p *Producer[T]) list() {
	if p.listed.CompareAndSwap(false, true) {
		p.queue.list(p)
	}
}

// reserve reserves room for one item, under Block for some more, or returns false if there
// is none. Called with the lock held.
func (p *Producer[T]) reserve() bool {
	n, free := p.left(), 1
	if p.queue.byArrival {
		n = p.reserveTickets()
		free = n // a ticket without a slot would waste room
	}
	if n == 0 {
		return false
	}
	p.grow(free)
	if p.queue.overflow.Policy == Block {
		p.end = min(p.tail+int64(n), p.free+int64(len(p.slots)))
	}
	return true
}

// grow ensures free slots for n items. Called with the lock held.
func (p *Producer[T]) grow(n int) {
	if n += int(p.tail - p.free); n > len(p.slots) {
		p.slots = p.slots.grow(n, p.head, p.tail)
	}
}

// left returns the number of items for which there is room. Called with the lock held.
func (p *Producer[T]) left() int {
	if p.bytes >= MaxBytes {
		return 0
	}
	return max(0, p.queue.limit-p.len())
}

// len returns the number of queued items. Called with the lock held.
func (p *Producer[T]) len() int { return int(p.tail - p.head) }

// PushBatch queues as many of items as there is room for and returns their number. If
// nothing more is wanted, it drops all items. It is for queues with a single producer.
func (p *Producer[T]) PushBatch(items []T) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.closed.Load() {
		return len(items)
	}
	n := min(len(items), p.left())
	if n > 0 {
		p.appendBatch(items[:n])
	}
	p.blocked = n < len(items)
	return n
}

// appendBatch queues items. Called with the lock held.
func (p *Producer[T]) appendBatch(items []T) {
	p.bytes += total(p.queue.size, items)
	p.grow(len(items))
	for len(items) > 0 {
		n := copy(p.slots.slice(p.tail, p.tail+int64(len(items))), items)
		p.tail += int64(n)
		items = items[n:]
	}
	p.publish()
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

// WaitForRoom waits until there may be room for an item, nothing more is wanted, or timer or
// done fires. It reports whether the caller should try again.
func (p *Producer[T]) WaitForRoom(timer <-chan time.Time, done <-chan struct{}) bool {
	p.mu.Lock()
	p.blocked = p.left() == 0
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

// room returns the number of items for which there is room, which is unlimited once nothing
// more is wanted.
func (p *Producer[T]) room() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.closed.Load() {
		return math.MaxInt
	}
	return p.left()
}

// AskAgain makes the consumer call its [Queue.OnIdle] function once more before it waits, or
// at once if it already waits.
func (p *Producer[T]) AskAgain() {
	p.queue.mu.Lock()
	p.queue.again = true
	p.queue.wakeAndUnlock()
}

// IfEmpty calls f if no item is queued; none is queued while f runs. It is for a producer
// that pushes batches.
func (p *Producer[T]) IfEmpty(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.len() == 0 {
		f()
	}
}

// Finish records how the upstream ended. The first failure ends the other upstreams at once;
// the consumer gets it after the items queued before it.
func (p *Producer[T]) Finish(o Outcome) { p.queue.finish(o) }

// countBytes counts the bytes that were pushed without the lock. If there is no room for
// more, the next items need the lock. Called with the lock held.
func (p *Producer[T]) countBytes() {
	p.addBytes(p.uncounted)
	p.uncounted, p.budget = 0, min(countedStep, MaxBytes-p.bytes)
	if p.budget <= 0 {
		p.end = 0
	}
}

// addBytes counts n bytes. Called with the lock held.
func (p *Producer[T]) addBytes(n int) {
	p.bytes += n
	if p.queue.byArrival && n != 0 {
		p.queue.bytes.Add(int64(n))
	}
}

// take takes the published items, up to the last slot. It reports whether more are
// left, and the producer is still listed.
func (p *Producer[T]) take() (items []T, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listed.Store(false)
	published := p.published.Load()
	items = p.slots.slice(p.head, published)
	p.free, p.head = p.head, p.head+int64(len(items))
	p.addBytes(-total(p.queue.size, items))
	if p.blocked {
		p.blocked = false
		nudge(p.space)
	}
	return items, p.head < published && p.listed.CompareAndSwap(false, true)
}
