package window

import (
	"cmp"
	"slices"
	"time"
)

// A refSessions is [Sessions] that looks at all sessions for each item.
type refSessions struct {
	ledger

	gap, lateness time.Duration
	now           Instant
	sessions      []*refSession // in the order in which they were opened
}

type refSession struct {
	refCell

	start, end Instant
	first      int // the place of its first item
	held       bool
}

func (r *refSessions) add(t Instant, e event) {
	r.take(e)
	end := t + Instant(r.gap)
	var joined []*refSession // by time
	for _, s := range r.sessions {
		if s.key == e.Key && s.start < end && t < s.end {
			joined = append(joined, s)
		}
	}
	if len(joined) == 0 {
		if end+Instant(r.lateness) <= r.now {
			r.late = append(r.late, e.Number)
			return
		}
		joined = []*refSession{{refCell: refCell{key: e.Key}, start: t, end: end, first: len(r.taken) - 1, held: true}}
		r.sessions = append(r.sessions, joined[0])
	}
	slices.SortFunc(joined, func(a, b *refSession) int { return cmp.Compare(a.start, b.start) })
	at := joined[0]
	at.add(e)
	at.start, at.end = min(at.start, t), max(at.end, end)
	for _, later := range joined[1:] {
		at.numbers = append(at.numbers, later.numbers...)
		at.end = max(at.end, later.end)
		if !at.held || later.held && later.first < at.first {
			at.first, at.held = later.first, later.held
		}
		r.sessions = slices.DeleteFunc(r.sessions, func(s *refSession) bool { return s == later })
	}
}

func (r *refSessions) resumeID() string {
	var held []int
	for _, s := range r.sessions {
		if s.held {
			held = append(held, s.first)
		}
	}
	return r.resume(held)
}

func (r *refSessions) advance(now Instant) {
	r.now = now
	for { // deliver and forget sessions in the order of the times when that is due
		at, when := r.first()
		if at == nil || when > now {
			return
		}
		if at.due {
			at.held = at.held && r.lateness > 0
			at.send(&r.ledger, Info{Start: at.start, End: at.end, ResumeID: r.resumeID()})
			continue
		}
		r.sessions = slices.DeleteFunc(r.sessions, func(s *refSession) bool { return s == at })
	}
}

// first returns the session that is the first to be delivered or forgotten, and when.
func (r *refSessions) first() (first *refSession, when Instant) {
	when = Never
	for _, s := range r.sessions {
		at := s.end
		if !s.due {
			at += Instant(r.lateness)
		}
		if at < when {
			first, when = s, at
		}
	}
	return first, when
}

func (r *refSessions) next() Instant {
	_, when := r.first()
	return when
}

func (r *refSessions) early() {
	for _, s := range r.sessions {
		if s.unsent && s.end > r.now {
			s.send(&r.ledger, Info{Start: s.start, End: s.end, ResumeID: r.resumeID(), Early: true})
		}
	}
}

func (r *refSessions) flush() {
	for { // the sessions stay held, since the state keeps them
		var at *refSession
		for _, s := range r.sessions {
			if s.due && (at == nil || s.end < at.end) {
				at = s
			}
		}
		if at == nil {
			return
		}
		at.send(&r.ledger, Info{Start: at.start, End: at.end, ResumeID: r.resumeID(), Partial: at.end > r.now})
	}
}
