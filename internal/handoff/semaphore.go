package handoff

import (
	"context"
	"sync/atomic"
)

// A Semaphore bounds the items, or bytes, in flight between two goroutines. One goroutine
// acquires, any goroutine releases. The acquiring goroutine keeps its own count, and reads
// released only when that leaves no room, so most calls need no atomic operation.
type Semaphore struct {
	limit    int64
	acquired int64 // of the goroutine that acquires
	seen     int64 // of the goroutine that acquires: released, when last read
	released atomic.Int64
	waiting  atomic.Bool   // a release leaves a token in room
	room     chan struct{} // wakes the goroutine that acquires; holds one token
}

// NewSemaphore returns a semaphore for limit items or bytes.
func NewSemaphore(limit int) *Semaphore {
	return &Semaphore{limit: int64(limit), room: make(chan struct{}, 1)}
}

// Acquire waits until less than the limit is taken, and takes n. The last one to fit can
// therefore exceed the limit. Acquire returns false if ctx ends first.
func (s *Semaphore) Acquire(ctx context.Context, n int) bool {
	if s.acquired-s.seen >= s.limit && !s.wait(ctx) {
		return false
	}
	s.acquired += int64(n)
	return true
}

// wait waits for room, unless something was released since released was last read.
func (s *Semaphore) wait(ctx context.Context) bool {
	for {
		if s.seen = s.released.Load(); s.acquired-s.seen < s.limit {
			return true
		}
		s.waiting.Store(true)
		if s.released.Load() != s.seen { // Release may not have seen waiting
			continue
		}
		select {
		case <-s.room:
		case <-ctx.Done():
			return false
		}
	}
}

// Release gives back n.
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
