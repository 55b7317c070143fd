package handoff

import (
	"context"
	"sync/atomic"
)

// A Semaphore bounds how many items one goroutine has let through that another has
// not dealt with. One goroutine acquires, any goroutine releases. While there is
// room, acquiring costs one atomic operation.
type Semaphore struct {
	limit int64
	held  atomic.Int64
	room  chan struct{} // wakes the goroutine that acquires; holds one token
}

// NewSemaphore returns a semaphore for limit items.
func NewSemaphore(limit int) *Semaphore {
	return &Semaphore{limit: int64(limit), room: make(chan struct{}, 1)}
}

// Acquire waits for room for one item and takes it. It returns false if ctx ends
// first.
func (s *Semaphore) Acquire(ctx context.Context) bool {
	for s.held.Load() >= s.limit {
		select {
		case <-s.room:
		case <-ctx.Done():
			return false
		}
	}
	s.held.Add(1)
	return true
}

// Release gives back the room of n items.
func (s *Semaphore) Release(n int) {
	if n > 0 && s.held.Add(-int64(n))+int64(n) >= s.limit {
		nudge(s.room)
	}
}

// nudge leaves a token in a channel that holds one.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
