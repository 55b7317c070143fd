package sink

import (
	"sync"
	"sync/atomic"
	"time"
)

// wakePause is the least time between two rounds of waking all clients, so that events that
// are published close together are written together. Timers of an idle processor are no
// finer than this.
const wakePause = time.Millisecond

// clientSet holds the connected clients and wakes them.
//
// The first event after a pause wakes them at once. While events keep being published,
// they are woken by a timer, at most once per wakePause. Without events there is neither
// a goroutine nor a timer.
type clientSet struct {
	size    atomic.Int64
	pending atomic.Bool // a round is due. The goroutine that sets it owns the next two fields until wakeAll resets it
	last    time.Time   // the last round
	timer   *time.Timer

	mu  sync.Mutex // guards all, and keeps clients from leaving while each runs
	all []*client
}

// announce wakes all clients, now or soon.
func (s *clientSet) announce() {
	if s.size.Load() == 0 || !s.pending.CompareAndSwap(false, true) {
		return
	}
	wait := wakePause - time.Since(s.last)
	switch {
	case wait <= 0:
		go s.wakeAll() // it ends after one round; no client and no publisher waits for it
	case s.timer == nil:
		s.timer = time.AfterFunc(wait, s.wakeAll)
	default:
		s.timer.Reset(wait)
	}
}

func (s *clientSet) wakeAll() {
	s.last = time.Now()
	s.pending.Store(false) // before the round: a client may be woken before the next event
	s.each((*client).wakeUp)
}

// each calls f with each client. None of them leaves meanwhile.
func (s *clientSet) each(f func(*client)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.all {
		f(c)
	}
}

func (s *clientSet) add(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.place = len(s.all)
	s.all = append(s.all, c)
	s.size.Add(1)
}

func (s *clientSet) remove(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.all) - 1
	s.all[c.place] = s.all[last]
	s.all[c.place].place = c.place
	s.all[last] = nil
	s.all = s.all[:last]
	s.size.Add(-1)
}
