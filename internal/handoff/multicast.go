package handoff

import (
	"math"
	"slices"
	"sync"
)

// maxHeld is the maximum number of items that a multicast holds back.
const maxHeld = 64

// maxHeldBytes is how many bytes of items a multicast holds back, not counting the item
// that reaches the limit.
const maxHeldBytes = 1 << 20

// A Multicast hands each item of one stream to many queues. While all consumers are busy,
// it holds items back. It passes them to each queue with one lock when it holds enough, or
// when the first consumer has nothing left to do. Held items count towards the limits of
// the queues.
//
// Its methods are called with its lock held, as those of a [sync.Cond] are. One
// goroutine runs the stream and calls WaitForRoom, Push and Finish.
type Multicast[T any] struct {
	mu     sync.Locker
	waits  bool // for full queues; otherwise nothing is held back
	queues []*Producer[T]
	held   []T
	size   func(*T) int // as in a queue
	bytes  int          // of held
	room   int          // the number of further items for which each queue has room
	idle   bool         // a consumer waits for an item
}

// NewMulticast returns a multicast guarded by mu. policy is the policy of all its queues.
func NewMulticast[T any](mu sync.Locker, policy Policy) *Multicast[T] {
	return &Multicast[T]{mu: mu, waits: policy == Block, size: SizeOf[T]()}
}

// Add subscribes q to later items. The consumer of q calls it before the first Receive.
func (m *Multicast[T]) Add(q *Queue[T]) {
	m.flush() // q does not get held items
	q.idle = func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.consumerIsIdle()
	}
	m.queues = append(m.queues, q.AddProducer())
	m.room = 0 // unknown
}

// Remove unsubscribes q. It gets nothing more, not even the end.
func (m *Multicast[T]) Remove(q *Queue[T]) {
	if i := slices.IndexFunc(m.queues, func(p *Producer[T]) bool { return p.queue == q }); i >= 0 {
		m.queues = slices.Delete(m.queues, i, i+1)
	}
}

// WaitForRoom waits until every queue has room for an item, or is stopped. It releases the
// lock while it waits.
func (m *Multicast[T]) WaitForRoom() {
	for m.waits && m.room == 0 {
		if full := m.measure(); full != nil {
			m.mu.Unlock()
			full.WaitForRoom(nil, nil)
			m.mu.Lock()
		}
	}
}

// measure determines how much room there is. It returns a queue without room, or nil.
func (m *Multicast[T]) measure() (full *Producer[T]) {
	m.room = math.MaxInt
	for _, p := range m.queues {
		if m.room = min(m.room, p.room()); m.room == 0 {
			return p
		}
	}
	return nil
}

// Push passes v on. The caller has held the lock since WaitForRoom returned.
func (m *Multicast[T]) Push(v T) {
	if !m.waits {
		for _, p := range m.queues {
			p.Push(v)
		}
		return
	}
	m.held = append(m.held, v)
	m.room--
	if m.size != nil {
		if m.bytes += m.size(&m.held[len(m.held)-1]); m.bytes >= maxHeldBytes {
			m.room = 0 // there may be none, so measure again
		}
	}
	if m.idle || m.room == 0 || len(m.held) == maxHeld {
		m.flush()
	}
}

// Finish ends the stream for all queues.
func (m *Multicast[T]) Finish(o Outcome) {
	m.flush()
	for _, p := range m.queues {
		p.Finish(o)
	}
	m.queues = nil
}

// consumerIsIdle flushes held items, or makes Push flush the next item at once.
func (m *Multicast[T]) consumerIsIdle() {
	if len(m.held) == 0 {
		m.idle = true
		return
	}
	m.flush()
}

// flush passes the held items on.
func (m *Multicast[T]) flush() {
	if len(m.held) == 0 {
		return
	}
	for _, p := range m.queues {
		p.pushAll(m.held)
	}
	clear(m.held)
	m.held, m.bytes = m.held[:0], 0
	m.idle = false
}
