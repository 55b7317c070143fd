package handoff

import (
	"context"
	"sync/atomic"
)

// A Semaphore bounds how many items one goroutine has let through that another has
// not dealt with. One goroutine acquires, any goroutine releases. The one that acquires
// counts for itself and looks at what is released once no room is left by its count, so
// most calls need no atomic operation.
type Semaphore struct {
	limit    int64
	acquired int64 // of the goroutine that acquires
	seen     int64 // of the goroutine that acquires: released, when it looked last
	released atomic.Int64
	waiting  atomic.Bool   // a release leaves a token in room
	room     chan struct{} // wakes the goroutine that acquires; holds one token
}

// NewSemaphore returns a semaphore for limit items.
func NewSemaphore(limit int) *Semaphore {
	return &Semaphore{limit: int64(limit), room: make(chan struct{}, 1)}
}

// Acquire waits for room for one item and takes it. It returns false if ctx ends
// first.
func (s *Semaphore) Acquire(ctx context.Context) bool {
	if s.acquired-s.seen >= s.limit && !s.wait(ctx) {
		return false
	}
	s.acquired++
	return true
}

// wait waits for room, unless something was released since it looked last.
func (s *Semaphore) wait(ctx context.Context) bool {
	for {
		if s.seen = s.released.Load(); s.acquired-s.seen < s.limit {
			return true
		}
		s.waiting.Store(true)
		if s.released.Load() != s.seen { // it may not have seen that somebody waits
			continue
		}
		select {
		case <-s.room:
		case <-ctx.Done():
			return false
		}
	}
}

// Release gives back the room of n items.
func (s *Semaphore) Release(n int) {
	if n == 0 {
		return
	}
	s.released.Add(int64(n))
	if s.waiting.Swap(false) {
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
