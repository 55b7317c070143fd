package handoff

import "math"

// OnIdle has f called, by the consumer, whenever that is about to wait for an item:
// whoever feeds the queue may have held some back, and may give them to it with Feed
// now. It is called before the first Receive.
func (q *Queue[T]) OnIdle(f func()) { q.idle = f }

// Feed queues many items at once, without a look at the limit: there has to be
// Room. Nobody else may push.
func (q *Queue[T]) Feed(items []T) {
	q.mu.Lock()
	if q.stopped || q.failed {
		q.mu.Unlock()
		return
	}
	q.items = append(q.items, items...)
	q.wakeAndUnlock()
}

// Room returns how many items there is room for: any number, once nothing more is
// wanted.
func (q *Queue[T]) Room() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped || q.failed {
		return math.MaxInt
	}
	return max(0, q.limit-len(q.items))
}

// AwaitRoom waits until there is room for an item, or nothing more is wanted.
func (q *Queue[T]) AwaitRoom() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) >= q.limit && !q.stopped && !q.failed {
		q.space.Wait()
	}
}
