package operators

import (
	"math"
	"slices"

	"github.com/rxsse/rxsse/internal/handoff"
)

// maxHeld is how many items a fan holds back at most.
const maxHeld = 64

// A fan hands each item of a stream to many consumers. While all of them are busy it
// holds items back, and gives each consumer many at once: when there are enough, or
// when the first of them has nothing left to do. It is guarded by a lock of its
// owner's.
type fan[T any] struct {
	waits  bool // for consumers that are full; otherwise nothing is held back
	queues []*handoff.Queue[T]
	held   []T
	room   int  // how many more items each queue is sure to have room for
	idle   bool // a consumer waits for an item
}

func (f *fan[T]) add(q *handoff.Queue[T]) {
	f.flush() // what is held is not for q
	f.queues = append(f.queues, q)
	f.room = 0
}

func (f *fan[T]) remove(q *handoff.Queue[T]) {
	if i := slices.Index(f.queues, q); i >= 0 {
		f.queues = slices.Delete(f.queues, i, i+1)
	}
}

// full returns a queue that has to be waited for before the next push.
func (f *fan[T]) full() *handoff.Queue[T] {
	if !f.waits || f.room > 0 {
		return nil
	}
	f.room = math.MaxInt
	for _, q := range f.queues {
		room := q.Room()
		if room == 0 {
			f.room = 0
			return q
		}
		f.room = min(f.room, room)
	}
	return nil
}

// push hands on v. None of the queues may be full.
func (f *fan[T]) push(v T) {
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

// consumerIsIdle gives it what is held, or else the next item as soon as it comes.
func (f *fan[T]) consumerIsIdle() {
	if len(f.held) == 0 {
		f.idle = true
		return
	}
	f.flush()
}

// flush hands on what is held.
func (f *fan[T]) flush() {
	if len(f.held) == 0 {
		return
	}
	for _, q := range f.queues {
		q.Feed(f.held)
	}
	clear(f.held)
	f.held = f.held[:0]
	f.idle = false
}

// finish ends all consumers as the stream has ended.
func (f *fan[T]) finish(e handoff.Ending) {
	f.flush()
	for _, q := range f.queues {
		q.Finish(e)
	}
	f.queues = nil
}
