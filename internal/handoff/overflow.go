package handoff

import "sync/atomic"

// An Overflow says what a queue does with an item it has no room for.
type Overflow struct {
	Policy  Policy
	Dropped *atomic.Int64 // counts the items dropped, unless it is nil
	Err     error         // what the stream fails with under Fail
}

// A Policy is one of the things to do with an item for which there is no room.
type Policy int

const (
	// Block makes the producer wait for room.
	Block Policy = iota
	// DropOldest drops the item that has been queued for longest.
	DropOldest
	// DropNewest drops the item that has just come.
	DropNewest
	// Latest drops all that is queued.
	Latest
	// Fail makes the stream fail, after what is queued.
	Fail
	// ReplaceNewest drops the newest item that is queued.
	ReplaceNewest
)

// makeRoom is called with the lock held while the queue is full. It returns false
// if it has dropped the new item; otherwise the producer looks again.
func (q *Queue[T]) makeRoom() bool {
	switch q.overflow.Policy {
	case Block:
		q.space.Wait()
	case DropOldest:
		q.shift()
		q.dropped(1)
	case DropNewest:
		q.dropped(1)
		return false
	case Latest:
		q.dropped(len(q.items) - q.head)
		clear(q.items)
		q.items, q.head = q.items[:0], 0
	case ReplaceNewest:
		last := len(q.items) - 1
		clear(q.items[last:])
		q.items = q.items[:last]
		q.dropped(1)
	case Fail:
		q.fail(Ending{err: q.overflow.Err})
	}
	return true
}

func (q *Queue[T]) dropped(n int) {
	if q.overflow.Dropped != nil {
		q.overflow.Dropped.Add(int64(n))
	}
}

// append queues v. Where items are taken one at a time, the room they leave is
// used again once they were half of all, which keeps the cost of an item constant.
func (q *Queue[T]) append(v T) {
	if len(q.items) == cap(q.items) && q.head > 0 && q.head >= len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, v)
}

// take moves what is queued, or one item of it, to the consumer.
func (q *Queue[T]) take() {
	if q.overflow.Policy != Block {
		q.taken = append(q.taken[:0], q.items[q.head])
		q.shift()
		return
	}
	q.taken, q.items = q.items, q.taken[:0]
	if len(q.taken) >= q.limit {
		q.space.Broadcast()
	}
}

// shift forgets the oldest item.
func (q *Queue[T]) shift() {
	var zero T
	q.items[q.head] = zero
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
}
