package window

import (
	"container/heap"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Sessions are windows in event time that end a gap after their newest item, for each
// key by itself. An item can arrive between two sessions and join them. So sessions
// hold their items, and fold them when they are delivered.
//
// A closed session is kept for as long as late items are allowed into it, and delivered
// again after each.
type Sessions[T any, K comparable, A any] struct {
	Config[T, K, A]

	Gap      time.Duration
	Lateness time.Duration
	Late     func(T) // is called with items that are too late for every session

	now      Instant
	earliest map[K]*session[T, K] // the first by start, of each key
	queue    sessionQueue[T, K]
	seq      int
	flushing bool
}

type session[T any, K comparable] struct {
	key        K
	start, end Instant
	items      []T
	change     change
	next       *session[T, K] // by start, of the same key
	holding    *holding

	look  Instant // when to look at it, at the latest
	seq   int     // orders sessions that are looked at at the same time
	index int     // in the queue
}

// NewSessions returns sessions without items.
func NewSessions[T any, K comparable, A any](c Config[T, K, A], gap, lateness time.Duration, late func(T)) *Sessions[T, K, A] {
	if c.Key == nil {
		c.Key = func(T) (only K) { return only }
	}
	return &Sessions[T, K, A]{
		Config: c, Gap: gap, Lateness: lateness, Late: late,
		now: LongAgo, earliest: make(map[K]*session[T, K]),
	}
}

// Add implements [Windows].
func (s *Sessions[T, K, A]) Add(t Instant, items []T) bool {
	for i := range items {
		s.Positions.take(&items[i])
		s.addItem(t, items[i])
	}
	return true
}

// addItem adds v to the session it belongs to, and joins that to later ones of its key
// that it now reaches.
func (s *Sessions[T, K, A]) addItem(t Instant, v T) {
	k := s.Key(v)
	end := t.Plus(s.Gap)
	var before *session[T, K]
	at := s.earliest[k]
	for at != nil && at.end <= t {
		before, at = at, at.next
	}
	if at == nil || at.start >= end {
		if end.Plus(s.Lateness) <= s.now {
			s.Late(v)
			return
		}
		s.seq++
		at = &session[T, K]{key: k, start: t, end: end, next: at, look: end, seq: s.seq, holding: s.Positions.hold()}
		s.link(before, at)
		heap.Push(&s.queue, at)
	}
	at.items = append(at.items, v)
	at.start, at.end, at.change = min(at.start, t), max(at.end, end), unsent|due
	for next := at.next; next != nil && next.start < at.end; next = at.next {
		s.join(at, next)
	}
	if at.end < at.look { // it was closed, and kept for late items
		at.look = at.end
		heap.Fix(&s.queue, at.index)
	}
}

// join moves the items of next, the session after at, to at.
func (s *Sessions[T, K, A]) join(at, next *session[T, K]) {
	at.items = append(at.items, next.items...)
	at.end = max(at.end, next.end)
	at.next = next.next
	if s.Positions != nil {
		if next.holding.seq < at.holding.seq {
			at.holding, next.holding = next.holding, at.holding
		}
		s.Positions.release(next.holding)
	}
	heap.Remove(&s.queue, next.index)
}

// link puts a session after another one of its key, or first if that is nil.
func (s *Sessions[T, K, A]) link(before, at *session[T, K]) {
	switch {
	case before != nil:
		before.next = at
	case at != nil && at.key == at.key: //nolint:gocritic // not so for NaN, which could not be deleted again
		s.earliest[at.key] = at
	}
}

// unlink forgets a session.
func (s *Sessions[T, K, A]) unlink(gone *session[T, K]) {
	at := s.earliest[gone.key]
	switch {
	case at == gone && gone.next == nil:
		delete(s.earliest, gone.key)
	case at == gone:
		s.earliest[gone.key] = gone.next
	default:
		for at != nil && at.next != gone {
			at = at.next
		}
		if at != nil {
			at.next = gone.next
		}
	}
}

// Advance implements [Windows].
func (s *Sessions[T, K, A]) Advance(now Instant) bool {
	s.now = now
	return s.closeUntil(now)
}

func (s *Sessions[T, K, A]) closeUntil(now Instant) bool {
	for len(s.queue) > 0 && s.queue[0].look <= now {
		at := s.queue[0]
		look := at.end
		if at.change&due == 0 {
			look = look.Plus(s.Lateness)
		}
		switch {
		case at.look < look:
			at.look = look
			heap.Fix(&s.queue, 0)
		case at.change&due != 0:
			if !s.deliver(at) {
				return false
			}
		default:
			s.unlink(at)
			if !s.flushing {
				s.release(at)
			}
			heap.Pop(&s.queue)
		}
	}
	return true
}

// deliver sends a closed session, or one that the end of the stream cuts off.
func (s *Sessions[T, K, A]) deliver(at *session[T, K]) bool {
	at.change = 0
	if s.Lateness == 0 && !s.flushing {
		s.release(at)
	}
	return s.send(at, Result[K, A]{Partial: at.end > s.now})
}

func (s *Sessions[T, K, A]) release(at *session[T, K]) {
	s.Positions.release(at.holding)
	at.holding = nil
}

// send completes r and delivers it.
func (s *Sessions[T, K, A]) send(at *session[T, K], r Result[K, A]) bool {
	r.Key, r.Start, r.End = at.key, at.start, at.end
	r.ResumeID = s.Positions.safe()
	r.Value = s.Accumulator.Add(s.Accumulator.New(), at.items)
	return s.Send(r)
}

// Next implements [Windows].
func (s *Sessions[T, K, A]) Next() Instant {
	if len(s.queue) == 0 {
		return Never
	}
	return s.queue[0].look
}

// Early implements [Windows].
func (s *Sessions[T, K, A]) Early() bool {
	for _, at := range s.queue {
		if at.change&unsent == 0 || at.end <= s.now {
			continue
		}
		at.change &^= unsent
		if !s.send(at, Result[K, A]{Early: true}) {
			return false
		}
	}
	return true
}

// Flush implements [Windows].
func (s *Sessions[T, K, A]) Flush() bool {
	s.Lateness, s.flushing = 0, true
	return s.closeUntil(Never)
}

// A savedSession is a session in a State.
type savedSession[T any, K comparable] struct {
	Key        K
	Start, End Instant
	Look       Instant
	Seq        int
	Items      []T
	Due        bool // no result has the newest items
}

// Save implements [Windows].
func (s *Sessions[T, K, A]) Save() (jsontext.Value, error) {
	saved := make([]savedSession[T, K], 0, len(s.queue))
	for _, at := range s.queue {
		if isDue := at.change&due != 0; isDue || s.Lateness > 0 {
			saved = append(saved, savedSession[T, K]{at.key, at.start, at.end, at.look, at.seq, at.items, isDue})
		}
	}
	return json.Marshal(saved, stateFormat)
}

// Load implements [Windows].
func (s *Sessions[T, K, A]) Load(data jsontext.Value) error {
	var saved []savedSession[T, K]
	if err := json.Unmarshal(data, &saved, stateFormat); err != nil {
		return err
	}
	for _, v := range saved {
		at := &session[T, K]{
			key: v.Key, start: v.Start, end: v.End, look: v.Look, seq: v.Seq, items: v.Items,
			index: len(s.queue), holding: s.Positions.hold(),
		}
		if v.Due {
			at.change = unsent | due
		}
		s.seq = max(s.seq, v.Seq)
		var before *session[T, K]
		next := s.earliest[v.Key]
		for next != nil && next.start < at.start {
			before, next = next, next.next
		}
		at.next = next
		s.link(before, at)
		s.queue = append(s.queue, at)
	}
	heap.Init(&s.queue)
	return nil
}

// A sessionQueue is a heap of sessions by the time when to look at them.
type sessionQueue[T any, K comparable] []*session[T, K]

func (q sessionQueue[T, K]) Len() int { return len(q) }

func (q sessionQueue[T, K]) Less(i, j int) bool {
	if q[i].look != q[j].look {
		return q[i].look < q[j].look
	}
	return q[i].seq < q[j].seq
}

func (q sessionQueue[T, K]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push implements [heap.Interface].
func (q *sessionQueue[T, K]) Push(s any) {
	at, _ := s.(*session[T, K])
	at.index = len(*q)
	*q = append(*q, at)
}

// Pop implements [heap.Interface].
func (q *sessionQueue[T, K]) Pop() any {
	last := len(*q) - 1
	at := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return at
}
