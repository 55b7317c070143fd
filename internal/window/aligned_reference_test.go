package window

import (
	"slices"
	"time"
)

// A refAligned is an [Aligned] that looks at all windows for each item.
type refAligned struct {
	ledger

	size, slide, offset, lateness time.Duration
	now                           Instant
	windows                       []*refWindow // by start
}

type refWindow struct {
	start, end Instant
	first      int // the place of its first item
	held       bool
	cells      []*refCell // in the order of their first items
}

func (r *refAligned) add(t Instant, e event) {
	r.take(e)
	late := true
	near := t - t%Instant(r.slide) + Instant(r.offset%r.slide)
	for k := -Instant(r.size/r.slide) - 3; k <= 3; k++ {
		start := near + k*Instant(r.slide)
		end := start + Instant(r.size)
		if start <= t && t < end && end+Instant(r.lateness) > r.now {
			late = false
			r.cell(start, end, e.Key).add(e)
		}
	}
	if late {
		r.late = append(r.late, e.Number)
	}
}

func (r *refAligned) cell(start, end Instant, key int) *refCell {
	i := slices.IndexFunc(r.windows, func(w *refWindow) bool { return w.start >= start })
	if i < 0 {
		i = len(r.windows)
	}
	if i == len(r.windows) || r.windows[i].start > start {
		r.windows = slices.Insert(r.windows, i, &refWindow{start: start, end: end, first: len(r.taken) - 1, held: true})
	}
	w := r.windows[i]
	for _, c := range w.cells {
		if c.key == key {
			return c
		}
	}
	c := &refCell{key: key}
	w.cells = append(w.cells, c)
	return c
}

func (r *refAligned) resumeID() string {
	var held []int
	for _, w := range r.windows {
		if w.held {
			held = append(held, w.first)
		}
	}
	return r.resume(held)
}

func (r *refAligned) advance(now Instant) {
	r.now = now
	for _, w := range r.windows {
		if w.end <= now {
			r.close(w)
		}
	}
	r.windows = slices.DeleteFunc(r.windows, func(w *refWindow) bool { return w.end+Instant(r.lateness) <= now })
}

// close delivers the cells of w that have new items. The last one can resume after w.
func (r *refAligned) close(w *refWindow) {
	var due []*refCell
	for _, c := range w.cells {
		if c.due {
			due = append(due, c)
		}
	}
	for i, c := range due {
		if i == len(due)-1 && r.lateness == 0 {
			w.held = false
		}
		c.send(&r.ledger, Info{Start: w.start, End: w.end, ResumeID: r.resumeID()})
	}
}

func (r *refAligned) early() {
	for _, w := range r.windows {
		for _, c := range w.cells {
			if c.unsent && w.end > r.now {
				c.send(&r.ledger, Info{Start: w.start, End: w.end, ResumeID: r.resumeID(), Early: true})
			}
		}
	}
}

func (r *refAligned) flush() {
	for _, w := range r.windows {
		for _, c := range w.cells {
			if c.due {
				c.send(&r.ledger, Info{Start: w.start, End: w.end, ResumeID: r.resumeID(), Partial: w.end > r.now})
			}
		}
	}
}

func (r *refAligned) next() Instant {
	next := Never
	for _, w := range r.windows {
		if w.end > r.now {
			next = min(next, w.end)
		} else {
			next = min(next, w.end+Instant(r.lateness))
		}
	}
	return next
}
