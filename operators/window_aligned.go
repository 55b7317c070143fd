//nolint:unused // the methods are called through windower, which the linter does not follow: it is generic
package operators

import (
	"cmp"
	"slices"
	"time"
)

// alignedWindows are the open windows of one length that begin at the multiples
// of slide. All keys share them.
//
// A window that is over is held for as long as late items are allowed into it,
// and delivered again after each.
type alignedWindows[T, R any] struct {
	size, slide time.Duration
	lateness    time.Duration
	late        func(T) // takes what comes too late for all of its windows
	new         func() contents[T, R]

	now   instant
	held  []alignedWindow[T, R] // by start
	over  int                   // the first of held so many are over, and delivered
	again bool                  // one of these has items that were not delivered
	spare contents[T, R]        // of a window that is held no longer
}

type alignedWindow[T, R any] struct {
	start, end instant
	contents   contents[T, R]
	changed    bool // since it was delivered
}

func (a *alignedWindows[T, R]) add(t instant, items []T, _ func(R) bool) bool {
	last := t.floor(a.slide)
	start := last
	if a.slide < a.size {
		start = t.minus(a.size).floor(a.slide).plus(a.slide)
	}
	i := a.position(start)
	late := true
	for ; ; start = start.plus(a.slide) {
		if end := start.plus(a.size); end.plus(a.lateness) > a.now {
			late = false
			i = a.addTo(i, start, end, items) + 1
		}
		if start >= last {
			break
		}
	}
	if late {
		for _, v := range items {
			a.late(v)
		}
	}
	return true
}

// position returns the index in held of the first window that does not begin
// before start. It looks from the newest, where most items go.
func (a *alignedWindows[T, R]) position(start instant) int {
	i := len(a.held)
	for range 2 {
		if i == 0 || a.held[i-1].start < start {
			return i
		}
		i--
	}
	i, _ = slices.BinarySearchFunc(a.held[:i], start, func(w alignedWindow[T, R], start instant) int {
		return cmp.Compare(w.start, start)
	})
	return i
}

// addTo adds items to the window from start to end, which is held at or after
// index i, or opened, and returns its index.
func (a *alignedWindows[T, R]) addTo(i int, start, end instant, items []T) int {
	for i < len(a.held) && a.held[i].start < start {
		i++
	}
	if i == len(a.held) || a.held[i].start != start {
		w := alignedWindow[T, R]{start: start, end: end, contents: a.spare}
		if a.spare = nil; w.contents == nil {
			w.contents = a.new()
		}
		a.held = slices.Insert(a.held, i, w)
		if end <= a.now {
			a.over++
		}
	}
	w := &a.held[i]
	w.contents.add(items)
	w.changed = true
	a.again = a.again || i < a.over
	return i
}

func (a *alignedWindows[T, R]) advance(now instant, send func(R) bool) bool {
	a.now = now
	if a.again {
		a.again = false
		for i := range a.over {
			if !a.deliver(i, send) {
				return false
			}
		}
	}
	for ; a.over < len(a.held) && a.held[a.over].end <= now; a.over++ {
		if !a.deliver(a.over, send) {
			return false
		}
	}
	a.forget()
	return true
}

// deliver delivers the window at i if it has changed since it was delivered.
func (a *alignedWindows[T, R]) deliver(i int, send func(R) bool) bool {
	w := &a.held[i]
	if !w.changed {
		return true
	}
	w.changed = false
	return w.contents.deliver(w.start, w.end, send)
}

// forget drops the windows that no late item is allowed into any longer.
func (a *alignedWindows[T, R]) forget() {
	n := 0
	for n < a.over && a.held[n].end.plus(a.lateness) <= a.now {
		a.spare = a.held[n].contents
		a.spare.empty()
		n++
	}
	if n > 0 {
		a.held = slices.Delete(a.held, 0, n)
		a.over -= n
	}
}

func (a *alignedWindows[T, R]) next() instant {
	if a.again {
		return a.now
	}
	next := never
	if a.over < len(a.held) {
		next = a.held[a.over].end
	}
	if a.over > 0 {
		next = min(next, a.held[0].end.plus(a.lateness))
	}
	return next
}

func (a *alignedWindows[T, R]) flush(send func(R) bool) bool {
	for i := range a.held {
		if !a.deliver(i, send) {
			return false
		}
	}
	return true
}
