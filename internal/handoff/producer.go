package handoff

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/rxsse/rxsse"
)

// A Producer is the end of a queue at which one upstream pushes its items. It
// gathers them in a batch of its own, which the consumer takes whole, so that
// producers share a lock once a batch and not once an item. Its methods are for one
// goroutine.
type Producer[T any] struct {
	queue *Queue[T]
	space chan struct{} // wakes the producer while it waits for room; holds one token

	// The batch that the consumer took last. It uses the memory again.
	taken     []T
	takenRuns []run

	mu      sync.Mutex
	items   []T   // the batch, from head on
	head    int   // always 0 unless the consumer takes items one at a time
	bytes   int   // of the items
	counted int   // the part of bytes that a queue by arrival has counted
	runs    []run // of the items, if the queue keeps the order of arrival
	newest  int64 // the last ticket of the last run
	unused  int   // tickets of the last run that have no item
	streak  int   // items since another producer, or the consumer, took a ticket
	listed  bool  // the queue knows that there are items
	blocked bool  // the producer waits for room
}

// run is [Run] that copies no item on its way to push.
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

// push is Push that copies the item once, to its place in the batch.
func (p *Producer[T]) push(v *T) bool {
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

// A run is a number of tickets that a producer has reserved at once, and the items that
// have them. It ends when another producer, or the consumer, takes a ticket.
type run struct {
	ticket int64 // of the first item
	start  int   // its index in the batch
}

// maxRun is how many tickets a run has at most.
const maxRun = 16

// reserve takes the room of one item, or returns false if there is none. Called with the
// lock held.
func (p *Producer[T]) reserve() bool {
	if p.queue.byArrival {
		return p.reserveTicket()
	}
	if p.full() {
		return false
	}
	p.list()
	return true
}

// reserveTicket is reserve for a queue by arrival. Runs are short enough that the tickets
// without an item take little of the room. The producer is listed before it has a ticket:
// the consumer then finds all items up to the newest ticket with the producers that are
// listed.
func (p *Producer[T]) reserveTicket() bool {
	q := p.queue
	for {
		newest := q.pushed.Load()
		if newest != p.newest {
			p.unused, p.streak = 0, 0
		}
		if p.unused > 0 && q.bytes.Load() < MaxBytes {
			p.unused--
			p.streak++
			return true
		}
		if q.full(newest) {
			return false
		}
		p.list()
		room := q.limit - int(newest-q.taken.Load())
		n := max(1, min(p.streak/4, room/4, maxRun))
		if q.pushed.CompareAndSwap(newest, newest+int64(n)) {
			p.runs = append(p.runs, run{newest + 1, len(p.items)})
			p.newest, p.unused = newest+int64(n), n-1
			p.streak++
			return true
		}
	}
}

// list adds the producer to those that have items. Called with the lock held.
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
	if !p.full() {
		n = min(len(items), p.queue.limit-p.len())
		p.appendBatch(items[:n])
	}
	p.blocked = n < len(items)
	return n
}

// appendBatch queues items. Called with the lock held.
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

// AskAgain makes the consumer call its [Queue.OnIdle] function once more before it waits, or
// at once if it waits already.
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

// countBytes brings the count of a queue by arrival up to date. Called with the lock held.
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
// more items are left, which arrived meanwhile.
func (p *Producer[T]) takeUpTo(last int64) (more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, r := len(p.items), len(p.runs)
	for r > 0 && p.runs[r-1].ticket > last {
		r--
		n = p.runs[r].start
	}
	if size := p.queue.size; size != nil {
		p.bytes -= total(size, p.items[:n])
		p.countBytes()
	}
	left := append(p.taken[:0], p.items[n:]...) //nolint:gocritic // the two slices change places
	clear(p.items[n:])
	p.items, p.taken = left, p.items[:n]
	p.runs, p.takenRuns = append(p.takenRuns[:0], p.runs[r:]...), p.runs[:r]
	for i := range p.runs {
		p.runs[i].start -= n
	}
	p.listed = len(p.items) > 0
	return p.listed
}
