package handoff

import (
	"math"
	"slices"
	"sync"
)

// maxHeld is how many items a fan holds back at most.
const maxHeld = 64

// A Fan hands each item of one stream to many queues. While all of their consumers
// are busy it holds items back, and gives each queue many at once: when there are
// enough, or when the first of the consumers has nothing left to do. What it holds
// counts towards the limits of the queues.
//
// Its methods are called with its lock held, as those of a [sync.Cond] are. The
// stream is one goroutine's, which calls Await, Push and Finish.
type Fan[T any] struct {
	mu     sync.Locker
	waits  bool // for queues that are full; otherwise nothing is held back
	queues []*Queue[T]
	held   []T
	room   int  // how many more items each queue is sure to have room for
	idle   bool // a consumer waits for an item
}

// NewFan returns a fan that is guarded by mu. All of its queues have the policy.
func NewFan[T any](mu sync.Locker, policy Policy) *Fan[T] {
	return &Fan[T]{mu: mu, waits: policy == Block}
}

// Add has q given what is pushed from now on. Its consumer calls it before the first
// Receive.
func (f *Fan[T]) Add(q *Queue[T]) {
	f.flush() // what is held is not for q
	q.Expect()
	q.idle = func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.consumerIsIdle()
	}
	f.queues = append(f.queues, q)
	f.room = 0 // it is not known
}

// Remove has q given nothing more, not even the end.
func (f *Fan[T]) Remove(q *Queue[T]) {
	if i := slices.Index(f.queues, q); i >= 0 {
		f.queues = slices.Delete(f.queues, i, i+1)
	}
}

// Await waits until every queue has room for an item, or is stopped. It gives up
// the lock meanwhile.
func (f *Fan[T]) Await() {
	for f.waits && f.room == 0 {
		if full := f.measure(); full != nil {
			f.mu.Unlock()
			full.awaitRoom()
			f.mu.Lock()
		}
	}
}

// measure finds out how much room there is. It returns a queue that has none.
func (f *Fan[T]) measure() (full *Queue[T]) {
	f.room = math.MaxInt
	for _, q := range f.queues {
		if f.room = min(f.room, q.room()); f.room == 0 {
			return q
		}
	}
	return nil
}

// Push hands on v. Await has returned before it, without the lock being given up
// between.
func (f *Fan[T]) Push(v T) {
	if !f.waits {
		for _, q := range f.queues {
			q.Push(v)
		}
		return
	}
	f.held = append(f.held, v)
	f.room--
	if f.idle || f.room == 0 || len(f.held) == maxHeld {
		f.flush()
	}
}

// Finish ends the stream for all queues.
func (f *Fan[T]) Finish(e Ending) {
	f.flush()
	for _, q := range f.queues {
		q.Finish(e)
	}
	f.queues = nil
}

// consumerIsIdle gives it what is held, or else the next item as soon as it comes.
func (f *Fan[T]) consumerIsIdle() {
	if len(f.held) == 0 {
		f.idle = true
		return
	}
	f.flush()
}

// flush hands on what is held.
func (f *Fan[T]) flush() {
	if len(f.held) == 0 {
		return
	}
	for _, q := range f.queues {
		q.feed(f.held)
	}
	clear(f.held)
	f.held = f.held[:0]
	f.idle = false
}

// feed queues many items at once, for which there is room.
func (q *Queue[T]) feed(items []T) {
	q.mu.Lock()
	if q.stopped || q.failed {
		q.mu.Unlock()
		return
	}
	q.items = append(q.items, items...)
	q.wakeAndUnlock()
}

// room returns how many items there is room for: any number, once nothing more is
// wanted.
func (q *Queue[T]) room() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped || q.failed {
		return math.MaxInt
	}
	return max(0, q.limit-len(q.items))
}

// awaitRoom waits until there is room for an item, or nothing more is wanted.
func (q *Queue[T]) awaitRoom() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) >= q.limit && !q.stopped && !q.failed {
		q.space.Wait()
	}
}
