package window

import (
	"container/heap"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rxsse/rxsse/internal/lru"
)

// EventTime configures how the time of items moves the watermark.
type EventTime struct {
	// Time returns the time of an item, and false if it is zero or absurd.
	Time func(item int) (Instant, bool)
	// Untimed is called with each item without a time, and reports whether to continue.
	Untimed func(item int) bool
	// OutOfOrder is how far the watermark is behind the newest item of its source.
	OutOfOrder time.Duration
	// Source returns the source of an item. If it is nil, there is one source.
	Source func(item int) string
	// Sources is the number of sources that must be known before the watermark begins to
	// move, unless Idle passes first.
	Sources int
	// Idle is how long a source can be silent before it no longer holds back the
	// watermark. 0: forever.
	Idle time.Duration
}

// A Watermark advances Windows by the time of items. The watermark is the minimum over the
// active sources. While all are idle, it advances with the clock, from the watermark of the
// source that is furthest ahead.
//
// Time during which the consumer is busy does not count as silence: it is subtracted from
// the clock.
type Watermark struct {
	windows   Windows // their instants are event time
	event     EventTime
	positions *Positions
	clock     Clock
	busy      time.Duration // how long the consumer has been busy

	at      Instant            // the watermark
	sources map[string]*source // the active ones
	behind  sourceHeap         // the active sources, the one furthest behind first
	heard   lru.List[*source]  // the active sources, the one silent longest first
	ahead   Instant            // while all are idle, watermark minus clock time
	known   int                // how often a source became active
	started Instant
}

// A source is an active source.
type source struct {
	name  string
	at    Instant // its watermark
	index int     // in the heap
	heard lru.Entry[*source]
}

// NewWatermark drives windows by the time of items.
func NewWatermark(event EventTime, clock Clock, positions *Positions, windows Windows) *Watermark {
	return &Watermark{
		windows: windows, event: event, positions: positions, clock: clock,
		at: LongAgo, ahead: LongAgo, sources: map[string]*source{}, started: clock.origin,
	}
}

// Add implements [Windows]; now is the system time.
func (m *Watermark) Add(now Instant, from, to int) bool {
	for i := from; i < to; i++ {
		t, ok := m.event.Time(i)
		if !ok {
			m.positions.take(i)
			if !m.event.Untimed(i) {
				return false
			}
			continue
		}
		m.windows.Add(t, i, i+1)
		m.hear(m.source(i), now, t.Minus(m.event.OutOfOrder))
		if !m.windows.Advance(m.at) {
			return false
		}
	}
	if m.event.Idle > 0 {
		m.noteBusy(now)
	}
	return true
}

// source returns the source of an item.
func (m *Watermark) source(item int) *source {
	if m.event.Source == nil && len(m.behind) > 0 {
		return m.behind[0] // the only one
	}
	return m.find(item)
}

// find returns the source of an item by its name. It activates an idle or new source.
func (m *Watermark) find(item int) *source {
	name := ""
	if m.event.Source != nil {
		name = m.event.Source(item)
	}
	if s := m.sources[name]; s != nil {
		return s
	}
	m.known++
	return m.activate(name, m.at)
}

// activate makes a source hold back the watermark.
func (m *Watermark) activate(name string, at Instant) *source {
	s := &source{name: name, at: at}
	s.heard.Value = s
	m.sources[name] = s
	heap.Push(&m.behind, s)
	return s
}

// hear records that a source has advanced to an instant, and moves the watermark.
func (m *Watermark) hear(s *source, now, at Instant) {
	if at > s.at {
		s.at = at
		if len(m.behind) > 1 {
			heap.Fix(&m.behind, s.index)
		}
	}
	if m.event.Idle > 0 {
		m.heard.Use(&s.heard, int64(now.Minus(m.busy)))
	}
	if m.known >= m.event.Sources {
		m.at = max(m.at, m.behind[0].at)
	}
}

// noteBusy adds the time since now, in which the consumer was busy. Only Idle needs it.
func (m *Watermark) noteBusy(now Instant) { m.busy += m.clock.Now().Since(now) }

// Advance implements [Windows]; now is the system time.
func (m *Watermark) Advance(now Instant) bool {
	if m.event.Idle > 0 {
		m.advanceIdle(now.Minus(m.busy))
	}
	if !m.windows.Advance(m.at) {
		return false
	}
	if m.event.Idle > 0 {
		m.noteBusy(now)
	}
	return true
}

// advanceIdle moves the watermark if sources are idle.
func (m *Watermark) advanceIdle(now Instant) {
	for e := m.heard.First(); e != nil && Instant(e.Used()).Plus(m.event.Idle) <= now; e = m.heard.First() {
		s := e.Value
		m.heard.Remove(e)
		heap.Remove(&m.behind, s.index)
		delete(m.sources, s.name)
		m.ahead = max(m.ahead, s.at-Instant(e.Used()))
	}
	if now >= m.started.Plus(m.event.Idle) {
		m.event.Sources = 0
	}
	switch {
	case m.known == 0 || m.known < m.event.Sources:
	case len(m.behind) > 0:
		m.at = max(m.at, m.behind[0].at)
	default:
		m.at = max(m.at, m.ahead.Plus(time.Duration(now)))
	}
}

// Next implements [Windows]. It returns the time at which silence of sources can close a
// window.
func (m *Watermark) Next() Instant {
	closes := m.windows.Next()
	if m.event.Idle == 0 || closes == Never || m.known == 0 {
		return Never
	}
	var next Instant
	switch {
	case m.known < m.event.Sources:
		next = m.started.Plus(m.event.Idle)
	case len(m.behind) > 0:
		next = Instant(m.heard.First().Used()).Plus(m.event.Idle)
	default:
		next = Instant(closes.Since(m.ahead))
	}
	return next.Plus(m.busy)
}

// Early implements [Windows].
func (m *Watermark) Early() bool { return m.windows.Early() }

// Flush implements [Windows].
func (m *Watermark) Flush() bool { return m.windows.Flush() }

// A savedWatermark is a Watermark in a State.
type savedWatermark struct {
	At      Instant
	Known   int
	Sources []savedSource
	Windows jsontext.Value
}

type savedSource struct {
	Name string
	At   Instant
}

// Save implements [Windows].
func (m *Watermark) Save() (jsontext.Value, error) {
	windows, err := m.windows.Save()
	if err != nil {
		return nil, err
	}
	saved := savedWatermark{At: m.at, Known: m.known, Windows: windows}
	for _, s := range m.behind {
		saved.Sources = append(saved.Sources, savedSource{s.name, s.at})
	}
	return json.Marshal(saved, stateFormat)
}

// Load implements [Windows]. It treats sources that were active as heard at the start.
func (m *Watermark) Load(data jsontext.Value) error {
	var saved savedWatermark
	if err := json.Unmarshal(data, &saved, stateFormat); err != nil {
		return err
	}
	m.at, m.known = saved.At, saved.Known
	if len(saved.Sources) == 0 && saved.Known > 0 {
		saved.Sources = []savedSource{{"", saved.At}}
	}
	for _, v := range saved.Sources {
		s := m.activate(v.Name, v.At)
		if m.event.Idle > 0 {
			m.heard.Use(&s.heard, int64(m.started))
		}
	}
	return m.windows.Load(saved.Windows)
}

// A sourceHeap is a heap of sources, the one furthest behind first.
type sourceHeap []*source //nolint:recvcheck // as container/heap wants it

func (h sourceHeap) Len() int           { return len(h) }
func (h sourceHeap) Less(i, j int) bool { return h[i].at < h[j].at }

func (h sourceHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements [heap.Interface].
func (h *sourceHeap) Push(s any) {
	last, _ := s.(*source)
	last.index = len(*h)
	*h = append(*h, last)
}

// Pop implements [heap.Interface].
func (h *sourceHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return s
}
