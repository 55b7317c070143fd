package handoff

import "sync/atomic"

// An Overflow says what a queue does with an item while it is full.
type Overflow struct {
	Policy  Policy
	Dropped *atomic.Int64 // counts the dropped items, unless it is nil
	Err     error         // the error of the stream under Fail
}

// A Policy is one of the things to do with an item while the queue is full.
type Policy int

const (
	// Block makes the producer wait for room.
	Block Policy = iota
	// DropOldest drops the oldest item in the queue.
	DropOldest
	// DropNewest drops the new item.
	DropNewest
	// Latest drops all items in the queue.
	Latest
	// Fail makes the stream fail, after the items in the queue.
	Fail
	// ReplaceNewest drops the newest item in the queue.
	ReplaceNewest
)

// makeRoom applies the policy of a full queue, unless that is Block. It returns
// false if it has dropped the new item; otherwise the producer tries again. Called
// with the lock held.
func (p *Producer[T]) makeRoom() bool {
	o := &p.queue.overflow
	switch o.Policy {
	case Block:
	case DropOldest:
		p.shift()
		o.dropped(1)
	case DropNewest:
		o.dropped(1)
		return false
	case Latest:
		o.dropped(p.len())
		clear(p.items)
		p.items, p.head, p.bytes = p.items[:0], 0, 0
	case ReplaceNewest:
		last := len(p.items) - 1
		p.bytes -= total(p.queue.size, p.items[last:])
		clear(p.items[last:])
		p.items = p.items[:last]
		o.dropped(1)
	case Fail:
		p.queue.fail(Outcome{err: o.Err})
	}
	return true
}

func (o *Overflow) dropped(n int) {
	if o.Dropped != nil {
		o.Dropped.Add(int64(n))
	}
}

// append queues *v. Where the consumer takes items one at a time, the room they
// leave is used again once that is half of all. This keeps the cost of an item
// constant.
func (p *Producer[T]) append(v *T) {
	if len(p.items) == cap(p.items) && p.head > 0 && p.head >= len(p.items)/2 {
		n := copy(p.items, p.items[p.head:])
		clear(p.items[n:])
		p.items, p.head = p.items[:n], 0
	}
	p.items = append(p.items, *v)
	if size := p.queue.size; size != nil {
		p.bytes += size(&p.items[len(p.items)-1])
		if p.queue.byArrival && p.bytes-p.counted >= countedStep {
			p.countBytes()
		}
	}
}

// shift removes the oldest item and returns it.
func (p *Producer[T]) shift() T {
	var zero T
	v := p.items[p.head]
	p.bytes -= total(p.queue.size, p.items[p.head:p.head+1])
	p.items[p.head] = zero
	p.head++
	if p.head == len(p.items) {
		p.items, p.head = p.items[:0], 0
	}
	return v
}
