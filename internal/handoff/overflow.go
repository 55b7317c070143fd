package handoff

import "sync/atomic"

// An Overflow defines what a queue does with an item while it is full.
type Overflow struct {
	Policy  Policy
	Dropped *atomic.Int64 // counts the dropped items; may be nil
	Err     error         // the error of the stream under Fail
}

// A Policy is what to do with an item while the queue is full.
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

// makeRoom applies the policy of a full queue, unless that is Block. It returns false if it
// has dropped the new item; otherwise the producer tries again. Called with the lock held.
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
		for p.head < p.tail {
			items := p.slots.slice(p.head, p.tail)
			clear(items)
			p.head += int64(len(items))
		}
		p.free, p.bytes = p.head, 0
	case ReplaceNewest:
		p.tail--
		p.clear(p.tail)
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

// takeOne adds the oldest item, if any, to batch. It reports whether more are left.
func (p *Producer[T]) takeOne(batch []T) (_ []T, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.len() > 0 {
		batch = append(batch, p.shift())
	}
	if p.len() == 0 {
		p.listed.Store(false)
	}
	return batch, p.len() > 0
}

// shift removes the oldest item and returns it. Called with the lock held.
func (p *Producer[T]) shift() T {
	v := p.slots[p.slots.index(p.head)]
	p.clear(p.head)
	p.head++
	p.free = p.head
	return v
}

// clear removes item number i from its slot. Called with the lock held.
func (p *Producer[T]) clear(i int64) {
	var zero T
	at := p.slots.index(i)
	if size := p.queue.size; size != nil {
		p.bytes -= size(&p.slots[at])
	}
	p.slots[at] = zero
}
