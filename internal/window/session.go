package window

import (
	"container/heap"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Sessions are windows in event time that end a gap after their newest item, separately for
// each key. An item can arrive between two sessions and join them, so sessions hold their
// items, and fold them on delivery.
//
// A closed session is kept while late items can still belong to it, and delivered again
// after each of them.
type Sessions struct {
	gap       time.Duration
	lateness  time.Duration
	late      func(item int)
	cells     Cells
	positions *Positions

	now      Instant
	sessions []*session // by cell; the cell of the first session of a key leads
	queue    sessionQueue
	seq      int
	flushing bool
}

type session struct {
	cell       int32
	start, end Instant
	previous   *session // by start, of the same key
	next       *session
	holding    int32

	look  Instant // when to check whether it is due; may be too early, never too late
	seq   int     // orders sessions with the same look
	index int     // in the queue
}

// NewSessions returns sessions without items. The accumulators of cells hold the items. It
// calls late with items that are too late for every session.
func NewSessions(cells Cells, positions *Positions, gap, lateness time.Duration, late func(item int)) *Sessions {
	return &Sessions{gap: gap, lateness: lateness, late: late, cells: cells, positions: positions, now: LongAgo}
}

// Add implements [Windows].
func (s *Sessions) Add(t Instant, from, to int) bool {
	for i := from; i < to; i++ {
		s.positions.take(i)
		s.addItem(t, i)
	}
	return true
}

// addItem adds an item to its session, and joins the session with later ones of the same
// key that it now reaches.
func (s *Sessions) addItem(t Instant, item int) {
	end := t.Plus(s.gap)
	var previous, at *session
	if first := s.cells.find(item); first != none {
		at = s.sessions[first]
	}
	for at != nil && at.end <= t {
		previous, at = at, at.next
	}
	if at == nil || at.start >= end {
		if end.Plus(s.lateness) <= s.now {
			s.late(item)
			return
		}
		s.seq++
		next := at
		at = &session{cell: s.cells.open(item), start: t, end: end, look: end, seq: s.seq, holding: s.positions.hold()}
		s.link(previous, at, next)
		heap.Push(&s.queue, at)
	}
	s.cells.fold(at.cell, item, item+1)
	at.start, at.end = min(at.start, t), max(at.end, end)
	for next := at.next; next != nil && next.start < at.end; next = at.next {
		s.join(at, next)
	}
	if at.end < at.look { // it was closed, and kept for late items
		at.look = at.end
		heap.Fix(&s.queue, at.index)
	}
}

// join moves the items of next, the session after at, to at.
func (s *Sessions) join(at, next *session) {
	s.cells.join(at.cell, next.cell)
	at.end = max(at.end, next.end)
	at.holding = s.positions.merge(at.holding, next.holding)
	heap.Remove(&s.queue, next.index)
	s.drop(next)
}

// link puts a session between two of its key, which may be nil.
func (s *Sessions) link(previous, at, next *session) {
	at.previous, at.next = previous, next
	if next != nil {
		next.previous = at
	}
	if previous != nil {
		previous.next = at
	} else {
		s.cells.lead(at.cell)
	}
	if int(at.cell) == len(s.sessions) {
		s.sessions = append(s.sessions, at)
	} else {
		s.sessions[at.cell] = at
	}
}

// drop forgets a session that is not in the queue.
func (s *Sessions) drop(at *session) {
	if at.next != nil {
		at.next.previous = at.previous
	}
	switch {
	case at.previous != nil:
		at.previous.next = at.next
	case at.next != nil:
		s.cells.lead(at.next.cell)
	default:
		s.cells.unlead(at.cell)
	}
	s.cells.drop(at.cell)
	s.sessions[at.cell] = nil
}

// Advance implements [Windows].
func (s *Sessions) Advance(now Instant) bool {
	s.now = now
	if !s.closeUntil(now) {
		return false
	}
	if len(s.sessions) > compactable && len(s.queue) < len(s.sessions)/8 {
		s.compact()
	}
	return true
}

func (s *Sessions) closeUntil(now Instant) bool {
	for len(s.queue) > 0 && s.queue[0].look <= now {
		at := s.queue[0]
		look := at.end
		isDue := s.cells.changed(at.cell, due)
		if !isDue {
			look = look.Plus(s.lateness)
		}
		switch {
		case at.look < look:
			at.look = look
			heap.Fix(&s.queue, 0)
		case isDue:
			if s.lateness == 0 && !s.flushing {
				s.release(at)
			}
			if !s.send(at, Info{Partial: at.end > s.now}, due) {
				return false
			}
		default:
			if !s.flushing {
				s.release(at)
			}
			heap.Pop(&s.queue)
			s.drop(at)
		}
	}
	return true
}

// compact frees the memory of dropped sessions.
func (s *Sessions) compact() {
	order := make([]int32, 0, len(s.queue))
	for _, at := range s.queue {
		order = append(order, at.cell)
	}
	s.cells.compact(order)
	s.sessions = slices.Clone(s.queue)
	for i, at := range s.sessions {
		at.cell = int32(i)
	}
}

func (s *Sessions) release(at *session) {
	s.positions.release(at.holding)
	at.holding = 0
}

// send completes info and delivers a session if it has the wanted change.
func (s *Sessions) send(at *session, info Info, wanted change) bool {
	info.Start, info.End, info.ResumeID = at.start, at.end, s.positions.safe()
	return s.cells.send(info, wanted, at.cell, at.cell+1)
}

// Next implements [Windows].
func (s *Sessions) Next() Instant {
	if len(s.queue) == 0 {
		return Never
	}
	return s.queue[0].look
}

// Early implements [Windows].
func (s *Sessions) Early() bool {
	for _, at := range s.queue {
		if at.end > s.now && !s.send(at, Info{Early: true}, unsent) {
			return false
		}
	}
	return true
}

// Flush implements [Windows].
func (s *Sessions) Flush() bool {
	s.lateness, s.flushing = 0, true
	return s.closeUntil(Never)
}

// A savedSession is a session in a State.
type savedSession struct {
	Start, End Instant
	Look       Instant
	Seq        int
	Cell       jsontext.Value
}

// Save implements [Windows].
func (s *Sessions) Save() (jsontext.Value, error) {
	saved := make([]savedSession, 0, len(s.queue))
	for _, at := range s.queue {
		if s.lateness == 0 && !s.cells.changed(at.cell, due) {
			continue
		}
		v, err := s.cells.save(at.cell)
		if err != nil {
			return nil, err
		}
		saved = append(saved, savedSession{at.start, at.end, at.look, at.seq, v})
	}
	return json.Marshal(saved, stateFormat)
}

// Load implements [Windows].
func (s *Sessions) Load(data jsontext.Value) error {
	var saved []savedSession
	if err := json.Unmarshal(data, &saved, stateFormat); err != nil {
		return err
	}
	for _, v := range saved {
		c, leads, err := s.cells.load(v.Cell)
		if err != nil {
			return err
		}
		at := &session{
			cell: c, start: v.Start, end: v.End, look: v.Look, seq: v.Seq,
			index: len(s.queue), holding: s.positions.hold(),
		}
		s.seq = max(s.seq, v.Seq)
		var previous, next *session
		if leads != none {
			next = s.sessions[leads]
		}
		for next != nil && next.start < at.start {
			previous, next = next, next.next
		}
		s.link(previous, at, next)
		s.queue = append(s.queue, at)
	}
	heap.Init(&s.queue)
	return nil
}

// A sessionQueue is a heap of sessions by look.
type sessionQueue []*session //nolint:recvcheck // as container/heap wants it

func (q sessionQueue) Len() int { return len(q) }

func (q sessionQueue) Less(i, j int) bool {
	if q[i].look != q[j].look {
		return q[i].look < q[j].look
	}
	return q[i].seq < q[j].seq
}

func (q sessionQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push implements [heap.Interface].
func (q *sessionQueue) Push(s any) {
	at, _ := s.(*session)
	at.index = len(*q)
	*q = append(*q, at)
}

// Pop implements [heap.Interface].
func (q *sessionQueue) Pop() any {
	last := len(*q) - 1
	at := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return at
}
