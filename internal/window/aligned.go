package window

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Aligned holds the open windows of a [Grid]. All keys share them.
//
// A closed window is kept for as long as late items are allowed into it, and delivered
// again after each.
type Aligned[T any, K comparable, A any] struct {
	Config[T, K, A]

	Grid     Grid
	Lateness time.Duration
	Late     func(T) // is called with items that are too late for all of their windows

	now     Instant
	held    []*alignedWindow[K, A] // by start
	closed  int                    // held[:closed] have ended
	changed bool                   // some of these have items that were not delivered
	newest  *alignedWindow[K, A]   // where the last item went; nil if windows overlap
	spare   *alignedWindow[K, A]
}

// An alignedWindow has a cell for each key, in the order of their first items. Without
// keys it has one cell and no index.
type alignedWindow[K comparable, A any] struct {
	start, end Instant
	closed     bool
	change     change
	index      map[K]int // into cells
	cells      []cell[K, A]
	holding    *holding
}

type cell[K comparable, A any] struct {
	key    K
	value  A
	change change
}

// NewAligned returns windows without items.
func NewAligned[T any, K comparable, A any](c Config[T, K, A], grid Grid, lateness time.Duration, late func(T)) *Aligned[T, K, A] {
	return &Aligned[T, K, A]{Config: c, Grid: grid, Lateness: lateness, Late: late, now: LongAgo}
}

// Add implements [Windows].
func (a *Aligned[T, K, A]) Add(t Instant, items []T) bool {
	a.Positions.take(&items[0])
	if w := a.newest; w != nil && w.start <= t && t < w.end {
		a.addTo(w, items)
	} else {
		a.addToEach(t, items)
	}
	if len(items) > 1 {
		a.Positions.takeAll(items[1:])
	}
	return true
}

// addToEach adds items to all windows that hold t.
func (a *Aligned[T, K, A]) addToEach(t Instant, items []T) {
	late := true
	i := -1
	for start, end := a.Grid.first(t); start <= t; start, end = a.Grid.next(start) {
		if end.Plus(a.Lateness) <= a.now {
			continue
		}
		if i < 0 {
			i = a.search(start)
		}
		late = false
		i = a.open(i, start, end)
		a.addTo(a.held[i], items)
		if !a.Grid.overlaps() {
			a.newest = a.held[i]
			break
		}
	}
	if late {
		for i := range items {
			a.Late(items[i])
		}
	}
}

// search returns the index in held of the first window that does not begin before
// start. It looks from the newest, where most items go.
func (a *Aligned[T, K, A]) search(start Instant) int {
	i := len(a.held)
	for range 2 {
		if i == 0 || a.held[i-1].start < start {
			return i
		}
		i--
	}
	i, _ = slices.BinarySearchFunc(a.held[:i], start, func(w *alignedWindow[K, A], start Instant) int {
		return cmp.Compare(w.start, start)
	})
	return i
}

// open returns the index of the window from start to end, which is held at or after
// index i, or opened.
func (a *Aligned[T, K, A]) open(i int, start, end Instant) int {
	for i < len(a.held) && a.held[i].start < start {
		i++
	}
	if i < len(a.held) && a.held[i].start == start {
		return i
	}
	w := a.spare
	if a.spare = nil; w == nil {
		w = new(alignedWindow[K, A])
		if a.Key != nil {
			w.index = make(map[K]int)
		}
	}
	w.start, w.end, w.closed, w.holding = start, end, end <= a.now, a.Positions.hold()
	if w.closed {
		a.closed++
	}
	a.held = slices.Insert(a.held, i, w)
	return i
}

func (a *Aligned[T, K, A]) addTo(w *alignedWindow[K, A], items []T) {
	w.change = unsent | due
	a.changed = a.changed || w.closed
	if a.Key == nil {
		if len(w.cells) == 0 {
			w.cells = append(w.cells, cell[K, A]{value: a.Accumulator.New()})
		}
		c := &w.cells[0]
		c.value, c.change = a.Accumulator.Add(c.value, items), unsent|due
		return
	}
	for i := range items {
		k := a.Key(items[i])
		at, known := w.index[k]
		if !known {
			at = len(w.cells)
			w.index[k] = at
			w.cells = append(w.cells, cell[K, A]{key: k, value: a.Accumulator.New()})
		}
		c := &w.cells[at]
		c.value, c.change = a.Accumulator.Add(c.value, items[i:i+1]), unsent|due
	}
}

// Advance implements [Windows].
func (a *Aligned[T, K, A]) Advance(now Instant) bool {
	a.now = now
	if a.changed {
		a.changed = false
		for _, w := range a.held[:a.closed] {
			if !a.deliver(w, Result[K, A]{}, due) {
				return false
			}
		}
	}
	for a.closed < len(a.held) && a.held[a.closed].end <= now {
		w := a.held[a.closed]
		w.closed = true
		a.closed++
		if !a.deliver(w, Result[K, A]{}, due) {
			return false
		}
	}
	a.forget()
	return true
}

// Early implements [Windows].
func (a *Aligned[T, K, A]) Early() bool {
	for _, w := range a.held[a.closed:] {
		if !a.deliver(w, Result[K, A]{Early: true}, unsent) {
			return false
		}
	}
	return true
}

// Flush implements [Windows].
func (a *Aligned[T, K, A]) Flush() bool {
	for _, w := range a.held {
		if !a.deliver(w, Result[K, A]{Partial: !w.closed}, due) {
			return false
		}
	}
	return true
}

// deliver sends r for each cell of w that has the change wanted. The last of them gets
// the position after the window.
func (a *Aligned[T, K, A]) deliver(w *alignedWindow[K, A], r Result[K, A], wanted change) bool {
	if w.change&wanted == 0 {
		return true
	}
	sent := unsent | wanted
	w.change &^= sent
	r.Start, r.End, r.ResumeID = w.start, w.end, a.Positions.safe()
	last := len(w.cells) - 1
	for last > 0 && w.cells[last].change&wanted == 0 {
		last--
	}
	for i := range w.cells[:last+1] {
		c := &w.cells[i]
		if c.change&wanted == 0 {
			continue
		}
		c.change &^= sent
		if i == last && w.closed && a.Lateness == 0 {
			a.Positions.release(w.holding)
			w.holding = nil
			r.ResumeID = a.Positions.safe()
		}
		r.Key, r.Value = c.key, c.value
		if !a.Send(r) {
			return false
		}
	}
	return true
}

// forget drops the windows that are closed for late items too.
func (a *Aligned[T, K, A]) forget() {
	n := 0
	for ; n < a.closed && a.held[n].end.Plus(a.Lateness) <= a.now; n++ {
		w := a.held[n]
		a.Positions.release(w.holding)
		if a.newest == w {
			a.newest = nil
		}
		for i := range w.cells {
			a.Accumulator.Release(w.cells[i].value)
		}
		w.empty()
		a.spare = w
	}
	if n > 0 {
		a.held = slices.Delete(a.held, 0, n)
		a.closed -= n
	}
}

// empty makes w ready for reuse. It keeps the room for as many keys as there were,
// unless hardly any of it was used.
func (w *alignedWindow[K, A]) empty() {
	if len(w.cells) < cap(w.cells)/8 {
		w.cells = nil
		if w.index != nil {
			w.index = make(map[K]int)
		}
		return
	}
	clear(w.index)
	clear(w.cells)
	w.cells = w.cells[:0]
}

// Next implements [Windows].
func (a *Aligned[T, K, A]) Next() Instant {
	if a.changed {
		return a.now
	}
	next := Never
	if a.closed < len(a.held) {
		next = a.held[a.closed].end
	}
	if a.closed > 0 {
		next = min(next, a.held[0].end.Plus(a.Lateness))
	}
	return next
}

// A savedAligned is an alignedWindow in a State.
type savedAligned[K comparable, A any] struct {
	Start, End Instant
	Cells      []savedCell[K, A]
}

type savedCell[K comparable, A any] struct {
	Key   K
	Value A
	Due   bool // no result of a closed window has the newest items
}

// Save implements [Windows].
func (a *Aligned[T, K, A]) Save() (jsontext.Value, error) {
	saved := make([]savedAligned[K, A], 0, len(a.held))
	for _, w := range a.held {
		s := savedAligned[K, A]{w.start, w.end, make([]savedCell[K, A], 0, len(w.cells))}
		for i := range w.cells {
			c := &w.cells[i]
			if isDue := c.change&due != 0; isDue || a.Lateness > 0 {
				s.Cells = append(s.Cells, savedCell[K, A]{c.key, c.value, isDue})
			}
		}
		if len(s.Cells) > 0 {
			saved = append(saved, s)
		}
	}
	return json.Marshal(saved, stateFormat)
}

// Load implements [Windows].
func (a *Aligned[T, K, A]) Load(data jsontext.Value) error {
	var saved []savedAligned[K, A]
	if err := json.Unmarshal(data, &saved, stateFormat); err != nil {
		return err
	}
	for _, s := range saved {
		w := &alignedWindow[K, A]{start: s.Start, end: s.End, holding: a.Positions.hold()}
		if a.Key != nil {
			w.index = make(map[K]int, len(s.Cells))
		}
		for i, c := range s.Cells {
			if a.Key != nil {
				w.index[c.Key] = i
			}
			restored := cell[K, A]{key: c.Key, value: c.Value}
			if c.Due {
				restored.change = unsent | due
			}
			w.change |= restored.change
			w.cells = append(w.cells, restored)
		}
		a.held = append(a.held, w)
	}
	return nil
}
