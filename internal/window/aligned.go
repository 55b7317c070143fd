package window

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Aligned holds the open windows of a [Grid], which all keys share.
//
// A closed window is kept while late items can still belong to it, and delivered again
// after each of them.
type Aligned struct {
	grid      Grid
	lateness  time.Duration
	late      func(item int)
	newCells  func() Cells
	positions *Positions

	now     Instant
	held    []*alignedWindow // by start
	closed  int              // held[:closed] have ended
	changed bool             // some of them have undelivered items
	newest  *alignedWindow   // the window of the last item; nil if windows overlap
	spare   *alignedWindow
}

// An alignedWindow has a cell for each key, in the order of their first items.
type alignedWindow struct {
	start, end Instant
	closed     bool
	change     change
	cells      Cells
	holding    int32
}

// NewAligned returns windows without items. It calls late with items that are too late for
// all their windows.
func NewAligned(newCells func() Cells, positions *Positions, grid Grid, lateness time.Duration, late func(item int)) *Aligned {
	return &Aligned{grid: grid, lateness: lateness, late: late, newCells: newCells, positions: positions, now: LongAgo}
}

// Add implements [Windows].
func (a *Aligned) Add(t Instant, from, to int) bool {
	a.positions.take(from)
	if w := a.newest; w != nil && w.start <= t && t < w.end {
		a.addTo(w, from, to)
	} else {
		a.addToEach(t, from, to)
	}
	a.positions.takeAll(from+1, to)
	return true
}

// addToEach adds items to all windows that hold t.
func (a *Aligned) addToEach(t Instant, from, to int) {
	late := true
	i := -1
	for start, end := a.grid.first(t); start <= t; start, end = a.grid.next(start) {
		if end.Plus(a.lateness) <= a.now {
			continue
		}
		if i < 0 {
			i = a.search(start)
		}
		late = false
		i = a.open(i, start, end)
		a.addTo(a.held[i], from, to)
		if !a.grid.overlaps() {
			a.newest = a.held[i]
			break
		}
	}
	if late {
		for i := from; i < to; i++ {
			a.late(i)
		}
	}
}

// search returns the index in held of the first window that does not begin before
// start. It looks from the newest, where most items go.
func (a *Aligned) search(start Instant) int {
	i := len(a.held)
	for range 2 {
		if i == 0 || a.held[i-1].start < start {
			return i
		}
		i--
	}
	i, _ = slices.BinarySearchFunc(a.held[:i], start, func(w *alignedWindow, start Instant) int {
		return cmp.Compare(w.start, start)
	})
	return i
}

// open returns the index of the window from start to end, which it finds at or after index
// i, or opens.
func (a *Aligned) open(i int, start, end Instant) int {
	for i < len(a.held) && a.held[i].start < start {
		i++
	}
	if i < len(a.held) && a.held[i].start == start {
		return i
	}
	w := a.spare
	if a.spare = nil; w == nil {
		w = &alignedWindow{cells: a.newCells()}
	}
	w.start, w.end, w.closed, w.holding = start, end, end <= a.now, a.positions.hold()
	if w.closed {
		a.closed++
	}
	a.held = slices.Insert(a.held, i, w)
	return i
}

func (a *Aligned) addTo(w *alignedWindow, from, to int) {
	w.change = unsent | due
	a.changed = a.changed || w.closed
	w.cells.foldByKey(from, to)
}

// Advance implements [Windows].
func (a *Aligned) Advance(now Instant) bool {
	a.now = now
	if a.changed {
		a.changed = false
		for _, w := range a.held[:a.closed] {
			if !a.deliver(w, Info{}, due) {
				return false
			}
		}
	}
	for a.closed < len(a.held) && a.held[a.closed].end <= now {
		w := a.held[a.closed]
		w.closed = true
		a.closed++
		if !a.deliver(w, Info{}, due) {
			return false
		}
	}
	if a.closed > 0 {
		a.forget()
	}
	return true
}

// Early implements [Windows].
func (a *Aligned) Early() bool {
	for _, w := range a.held[a.closed:] {
		if !a.deliver(w, Info{Early: true}, unsent) {
			return false
		}
	}
	return true
}

// Flush implements [Windows].
func (a *Aligned) Flush() bool {
	for _, w := range a.held {
		if !a.deliver(w, Info{Partial: !w.closed}, due) {
			return false
		}
	}
	return true
}

// deliver sends each cell of w with the wanted change. Only the last one can have a position
// after the window.
func (a *Aligned) deliver(w *alignedWindow, info Info, wanted change) bool {
	if w.change&wanted == 0 {
		return true
	}
	w.change &^= unsent | wanted
	info.Start, info.End, info.ResumeID = w.start, w.end, a.positions.safe()
	last := w.cells.len() - 1
	for last > 0 && !w.cells.changed(last, wanted) {
		last--
	}
	if !w.cells.send(info, wanted, 0, last) {
		return false
	}
	if w.closed && a.lateness == 0 {
		a.positions.release(w.holding)
		w.holding = 0
		info.ResumeID = a.positions.safe()
	}
	return w.cells.send(info, wanted, last, last+1)
}

// forget drops the windows that no late item can belong to.
func (a *Aligned) forget() {
	n := 0
	for ; n < a.closed && a.held[n].end.Plus(a.lateness) <= a.now; n++ {
		w := a.held[n]
		a.positions.release(w.holding)
		if a.newest == w {
			a.newest = nil
		}
		w.cells.reset()
		a.spare = w
	}
	a.held = slices.Delete(a.held, 0, n)
	a.closed -= n
}

// Next implements [Windows].
func (a *Aligned) Next() Instant {
	if a.changed {
		return a.now
	}
	next := Never
	if a.closed < len(a.held) {
		next = a.held[a.closed].end
	}
	if a.closed > 0 {
		next = min(next, a.held[0].end.Plus(a.lateness))
	}
	return next
}

// A savedAligned is an alignedWindow in a State.
type savedAligned struct {
	Start, End Instant
	Cells      []jsontext.Value
}

// Save implements [Windows].
func (a *Aligned) Save() (jsontext.Value, error) {
	saved := make([]savedAligned, 0, len(a.held))
	for _, w := range a.held {
		s := savedAligned{w.start, w.end, make([]jsontext.Value, 0, w.cells.len())}
		for c := range w.cells.len() {
			if a.lateness == 0 && !w.cells.changed(c, due) {
				continue
			}
			v, err := w.cells.save(c)
			if err != nil {
				return nil, err
			}
			s.Cells = append(s.Cells, v)
		}
		if len(s.Cells) > 0 {
			saved = append(saved, s)
		}
	}
	return json.Marshal(saved, stateFormat)
}

// Load implements [Windows].
func (a *Aligned) Load(data jsontext.Value) error {
	var saved []savedAligned
	if err := json.Unmarshal(data, &saved, stateFormat); err != nil {
		return err
	}
	for _, s := range saved {
		w := &alignedWindow{start: s.Start, end: s.End, cells: a.newCells(), holding: a.positions.hold()}
		for _, v := range s.Cells {
			c, _, err := w.cells.load(v)
			if err != nil {
				return err
			}
			w.cells.lead(c)
			if w.cells.changed(c, due) {
				w.change = unsent | due
			}
		}
		a.held = append(a.held, w)
	}
	return nil
}
