package operators

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A multicast hands the items of one subscription to many subscribers. Share and Replay
// are multicasts.
type multicast[T any] struct {
	src      rxsse.Observable[T]
	remember int
	limit    int
	overflow handoff.Overflow
	options  shareOptions

	mu      sync.Mutex
	current *subscription[T] // what a new subscriber joins; nil: it creates one
	started *subscription[T] // the one that was started last
}

// A subscription is a subscription to the source of a multicast. The lock of the multicast
// guards it.
type subscription[T any] struct {
	cancel  context.CancelFunc    // nil until it is started
	gone    chan struct{}         // closed once the source has ended
	ended   bool                  // the source has ended, or is about to
	users   int                   // subscribers that have not left
	fan     *handoff.Multicast[T] // to these; without a grace period also to the last to leave
	history handoff.Ring[T]

	// The grace period: set while there are no users and the source runs.
	expiry  *time.Timer
	expires time.Time

	unseen handoff.Outcome // a panic of the source in the grace period, for the next subscriber
}

func newMulticast[T any](operator string, src rxsse.Observable[T], remember, limit int, overflow Overflow, opts []ShareOption) *multicast[T] {
	m := &multicast[T]{src: src, remember: remember, limit: limit}
	m.options.minSubscribers = 1
	for _, opt := range opts {
		opt.applyShare(&m.options)
	}
	m.overflow = newOverflow(operator, limit, overflow, m.options.overflow)
	return m
}

// observe is the Observable of the multicast.
func (m *multicast[T]) observe(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if ctx.Err() != nil {
			fail(yield, context.Cause(ctx))
			return
		}
		q := handoff.NewOverflowing[T](ctx, m.limit, m.overflow)
		s, history := m.join(ctx, q)
		defer m.leave(s, q)
		defer q.Stop() // before leave: the source may be waiting for room
		if deliverBatch(q, history, yield) {
			deliver(q, yield)
		}
	}
}

// join makes q a subscriber of the current subscription, or of a new one, and returns the
// items it remembers.
func (m *multicast[T]) join(ctx context.Context, q *handoff.Queue[T]) (*subscription[T], []T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	s := m.current
	if s == nil {
		s = &subscription[T]{
			gone: make(chan struct{}),
			fan:  handoff.NewMulticast[T](&m.mu, m.overflow.Policy),
		}
		m.current = s
	}
	s.endGracePeriod()
	s.users++
	if !s.ended {
		s.fan.Add(q)
	}
	if s.cancel == nil && s.users >= m.options.minSubscribers {
		m.start(ctx, s)
	}
	remembered := s.remembered()
	return s, remembered
}

// start runs the source for s once the previous subscription's source has ended. Called
// with the lock held.
func (m *multicast[T]) start(ctx context.Context, s *subscription[T]) {
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // leave, expire and end call it
	before := m.started
	m.started = s
	// Ends when the source does. The last subscriber to leave cancels its context and
	// waits for it; with a grace period, the end of that period cancels it.
	go func() {
		if before != nil {
			<-before.gone
			if before.unseen.Raises() {
				m.end(s, before.unseen)
				return
			}
		}
		handoff.Run(ctx, m.src,
			func(v T) bool { return m.deliver(s, v) },
			func(o handoff.Outcome) { m.end(s, o) })
	}()
}

// deliver hands v to all subscribers of s and reports whether the source should go on.
func (m *multicast[T]) deliver(s *subscription[T], v T) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.fan.WaitForRoom()
	if m.remember > 0 {
		if s.history.Len() == m.remember {
			s.history.Pop()
		}
		s.history.Push(v)
	}
	s.fan.Push(v)
	return s.users > 0 || s.expiry != nil
}

// end ends s for all its subscribers the way its source ended. A completed subscription
// that remembers anything stays.
func (m *multicast[T]) end(s *subscription[T], o handoff.Outcome) {
	m.mu.Lock()
	m.expire()
	s.ended = true
	if m.current == s && (m.remember == 0 || !o.Completed()) {
		m.current = nil
	}
	if m.current != s {
		s.history = handoff.Ring[T]{}
	}
	if s.users == 0 && m.options.gracePeriod > 0 && o.Raises() {
		s.unseen = o
	}
	s.endGracePeriod()
	s.fan.Finish(o)
	m.mu.Unlock()
	s.cancel()
	close(s.gone)
}

// leave removes q, which is stopped, from s. The last subscriber begins the grace period,
// or else cancels the source, waits for it, and raises its panic.
func (m *multicast[T]) leave(s *subscription[T], q *handoff.Queue[T]) {
	m.mu.Lock()
	s.users--
	last := s.users == 0 && s.cancel != nil
	if !last || m.options.gracePeriod > 0 {
		s.fan.Remove(q)
		if last && !s.ended {
			m.beginGracePeriod(s)
		}
		m.mu.Unlock()
		q.Stop() // raises a panic that occurred after the first call
		return
	}
	if !s.ended && m.current == s {
		m.current = nil
	}
	m.mu.Unlock()
	s.cancel()
	<-s.gone
	q.Stop()
}

// beginGracePeriod sets the timer that cancels s after the grace period. Called with the
// lock held.
func (m *multicast[T]) beginGracePeriod(s *subscription[T]) {
	s.expires = time.Now().Add(m.options.gracePeriod)
	s.expiry = time.AfterFunc(m.options.gracePeriod, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.expire()
	})
}

// expire cancels the current subscription if its grace period has ended. Methods that
// depend on that call it first, so that the order of goroutines at the deadline does not
// matter. Called with the lock held.
func (m *multicast[T]) expire() {
	s := m.current
	if s == nil || s.expiry == nil || time.Now().Before(s.expires) {
		return
	}
	s.endGracePeriod()
	m.current = nil
	s.cancel()
}

// endGracePeriod stops the timer of the grace period. Called with the lock held.
func (s *subscription[T]) endGracePeriod() {
	if s.expiry != nil {
		s.expiry.Stop()
		s.expiry = nil
	}
}

// remembered returns a copy of the remembered items, the oldest first.
func (s *subscription[T]) remembered() []T {
	items := make([]T, s.history.Len())
	for i := range items {
		items[i] = *s.history.At(i)
	}
	return items
}
