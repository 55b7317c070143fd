//nolint:unused // the methods are called through windower, which the linter does not follow: it is generic
package operators

import (
	"container/heap"
	"time"
)

// eventSessions are sessions in event time, where an item may come between two
// sessions and make one of them. They hold their items, since accumulators could
// not be merged, and fold them on delivery.
//
// A session that is over is held for as long as late items are allowed into it,
// and delivered again after each.
type eventSessions[T, R any, K comparable, A any] struct {
	gap      time.Duration
	lateness time.Duration
	late     func(T)
	key      func(T) K
	fold     fold[T, A]
	result   func(K, instant, instant, A) R

	now  instant
	held map[K]*session[T, K] // the first by start, of each key
	due  sessionQueue[T, K]
	seq  int
}

type session[T any, K comparable] struct {
	key        K
	start, end instant
	items      []T
	changed    bool // since it was delivered
	next       *session[T, K]

	due   instant // when to look at it, at the latest
	seq   int     // tells those apart that are due at once
	index int     // in the queue
}

func (s *eventSessions[T, R, K, A]) add(t instant, items []T, _ func(R) bool) bool {
	for i := range items {
		s.addItem(t, items[i])
	}
	return true
}

// addItem puts v into the session it belongs to, with all others of its key that
// it joins to that one.
func (s *eventSessions[T, R, K, A]) addItem(t instant, v T) {
	k := s.key(v)
	end := t.plus(s.gap)
	before := (*session[T, K])(nil)
	at := s.held[k]
	for at != nil && at.end <= t {
		before, at = at, at.next
	}
	if at == nil || at.start >= end {
		if end.plus(s.lateness) <= s.now {
			s.late(v)
			return
		}
		s.seq++
		at = &session[T, K]{key: k, start: t, end: end, next: at, due: end, seq: s.seq}
		s.link(before, at)
		heap.Push(&s.due, at)
	}
	at.items = append(at.items, v)
	at.start, at.end, at.changed = min(at.start, t), max(at.end, end), true
	for next := at.next; next != nil && next.start < at.end; next = at.next {
		at.items = append(at.items, next.items...)
		at.end = max(at.end, next.end)
		at.next = next.next
		heap.Remove(&s.due, next.index)
	}
	if at.end < at.due { // it is held for late items, and changed
		at.due = at.end
		heap.Fix(&s.due, at.index)
	}
}

// link puts a session after another of its key, nil for none.
func (s *eventSessions[T, R, K, A]) link(before, at *session[T, K]) {
	switch {
	case before != nil:
		before.next = at
	case at != nil && at.key == at.key: //nolint:gocritic // not so for NaN, which could not be deleted again
		s.held[at.key] = at
	}
}

// unlink forgets a session.
func (s *eventSessions[T, R, K, A]) unlink(gone *session[T, K]) {
	at := s.held[gone.key]
	switch {
	case at == gone && gone.next == nil:
		delete(s.held, gone.key)
	case at == gone:
		s.held[gone.key] = gone.next
	default:
		for at != nil && at.next != gone {
			at = at.next
		}
		if at != nil {
			at.next = gone.next
		}
	}
}

func (s *eventSessions[T, R, K, A]) advance(now instant, send func(R) bool) bool {
	s.now = now
	for len(s.due) > 0 && s.due[0].due <= now {
		at := s.due[0]
		due := at.end
		if !at.changed {
			due = due.plus(s.lateness)
		}
		switch {
		case at.due < due:
			at.due = due
			heap.Fix(&s.due, 0)
		case at.changed:
			if !s.deliver(at, send) {
				return false
			}
		default:
			s.unlink(at)
			heap.Pop(&s.due)
		}
	}
	return true
}

func (s *eventSessions[T, R, K, A]) deliver(at *session[T, K], send func(R) bool) bool {
	at.changed = false
	return send(s.result(at.key, at.start, at.end, s.fold.many(s.fold.init(), at.items)))
}

func (s *eventSessions[T, R, K, A]) next() instant {
	if len(s.due) == 0 {
		return never
	}
	return s.due[0].due
}

func (s *eventSessions[T, R, K, A]) flush(send func(R) bool) bool {
	s.lateness = 0
	return s.advance(never, send)
}

// A sessionQueue is a heap of sessions by the time at which to look at them.
type sessionQueue[T any, K comparable] []*session[T, K]

func (q sessionQueue[T, K]) Len() int { return len(q) }

func (q sessionQueue[T, K]) Less(i, j int) bool {
	if q[i].due != q[j].due {
		return q[i].due < q[j].due
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
