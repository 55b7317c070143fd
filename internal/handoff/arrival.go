package handoff

import (
	"context"
	"slices"
)

// NewByArrival returns a queue for many producers that keeps the order in which their items
// arrive. All producers wait while limit items are queued. Each may queue one more, which it
// was writing while the consumer took a batch.
func NewByArrival[T any](ctx context.Context, limit int) *Queue[T] {
	q := New[T](ctx, limit)
	q.byArrival = true
	return q
}

// A run is a series of tickets that a producer has reserved at once, and the items that
// have them. It ends when another producer, or the consumer, takes a ticket. At that time,
// the producer may be writing one more item of the run.
type run struct {
	ticket int64 // of the first item
	start  int64 // its number
}

// maxRun is the maximum number of tickets in a run.
const maxRun = 16

// reserveTickets reserves a run of tickets and returns their number, or 0 if there is no
// room. Runs are short, so tickets without an item take little room. The producer is listed
// before it has a ticket: the consumer then finds all items up to the newest ticket in the
// listed producers.
func (p *Producer[T]) reserveTickets() int {
	q := p.queue
	for {
		newest, taken := q.pushed.Load(), q.taken.Load()
		if q.full(newest) {
			return 0
		}
		if !p.listed.Load() {
			p.list()
		}
		if newest != p.newest && (newest != p.newest+1 || newest != taken) {
			p.streak = 0 // another producer, not only the consumer, has taken a ticket
		}
		room := q.limit - int(newest-taken)
		n := max(1, min(p.streak/4, room/4, maxRun))
		if q.pushed.CompareAndSwap(newest, newest+int64(n)) {
			if last := len(p.runs) - 1; last >= 0 && p.runs[last].start == p.tail {
				p.runs = p.runs[:last] // it has no items
			}
			p.runs = append(p.runs, run{newest + 1, p.tail})
			p.newest = newest + int64(n)
			p.streak += n
			return n
		}
	}
}

// full reports whether a queue by arrival whose newest ticket is pushed holds as many
// items, or bytes, as it may. An empty queue is not full: no consumer would make room in it.
func (q *Queue[T]) full(pushed int64) bool {
	n := pushed - q.taken.Load()
	return n >= int64(q.limit) || n > 0 && q.bytes.Load() >= MaxBytes
}

// block adds p to the producers that wait for room, or returns false if there is room. The
// consumer wakes one of them each time it has made room.
func (q *Queue[T]) block(p *Producer[T]) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.full(q.pushed.Load()) {
		return false
	}
	q.blocked.Push(p)
	return true
}

// merge takes the items of all pending producers, in the order of their tickets.
func (q *Queue[T]) merge() {
	n := int(q.last - q.delivered)
	q.places = slices.Grow(q.places[:0], n)[:n]
	q.merged, q.placed = q.merged[:0], 0
	for _, p := range q.pending {
		if p.takeUpTo(q.last) {
			q.list(p)
		}
	}
	clear(q.pending)
	q.pending = q.pending[:0]
	q.delivered = q.last
	if q.placed == 1 && len(q.merged) == 0 {
		q.lent, q.places[q.newest] = q.places[q.newest], nil
		return
	}
	for i, items := range q.places {
		q.merged = append(q.merged, items...)
		clear(items)
		q.places[i] = nil
	}
	q.lent = q.merged
}

// takeUpTo takes the items with tickets up to last for a batch of a queue by arrival. It
// reports whether more are left, and the producer is still listed.
func (p *Producer[T]) takeUpTo(last int64) (more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listed.Store(false)
	published := p.published.Load()
	end, n := published, len(p.runs)
	for ; n > 0 && p.runs[n-1].ticket > last; n-- {
		end = p.runs[n-1].start
	}
	runs := p.runs[:n]
	if len(p.queue.pending) == 1 {
		runs = runs[:min(n, 1)] // no other items come between its items
	}
	for i, r := range runs {
		next := end
		if i+1 < len(runs) {
			next = runs[i+1].start
		}
		for at := r.start; at < next; {
			items := p.slots.slice(at, next)
			p.addBytes(-total(p.queue.size, items))
			p.queue.place(r.ticket+at-r.start, items)
			at += int64(len(items))
		}
	}
	if n > 0 && n == len(p.runs) { // the producer may be writing the next item of the last run
		n--
		r := &p.runs[n]
		*r = run{r.ticket + end - r.start, end}
	}
	p.runs = slices.Delete(p.runs, 0, n)
	p.free, p.head = p.head, end
	return end < published && p.listed.CompareAndSwap(false, true)
}

// place adds items, the first of which has the ticket, to the batch. An item that was being
// written while the consumer took the batch with its ticket comes first. Several such items
// were pushed at the same time, in no order.
func (q *Queue[T]) place(ticket int64, items []T) {
	if ticket <= q.delivered {
		q.merged = append(q.merged, items...)
		clear(items)
		return
	}
	q.newest = int(ticket - q.delivered - 1)
	q.places[q.newest] = items
	q.placed++
}
