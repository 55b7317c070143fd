package window

import (
	"slices"
	"time"
)

// A refOpened is an [Opened] that looks at all windows for each item.
type refOpened struct {
	ledger

	limit, step int
	weigh, last bool
	within, gap time.Duration
	now         Instant
	windows     []*refOpenedWindow // by the time when they were opened, or with a gap used
}

type refOpenedWindow struct {
	refCell

	start, used Instant
	weight      int
	first       int // the place of its first item
}

// of returns the windows of a key, in the order in which they were opened.
func (r *refOpened) of(key int) (all []*refOpenedWindow) {
	for _, w := range r.windows {
		if w.key == key {
			all = append(all, w)
		}
	}
	return all
}

func (r *refOpened) add(now Instant, e event) {
	r.now = now
	weight := 1
	if r.weigh {
		weight = e.Weight
	}
	all := r.of(e.Key)
	if r.limit > 0 && len(all) > 0 && all[0].weight+weight > r.limit {
		r.close(all[0], now)
		all = all[1:]
	}
	r.take(e)
	if len(all) == 0 || r.step > 0 && all[len(all)-1].weight >= r.step {
		w := &refOpenedWindow{refCell: refCell{key: e.Key}, start: now, used: now, first: len(r.taken) - 1}
		r.windows, all = append(r.windows, w), append(all, w)
	}
	for _, w := range all {
		w.add(e)
		w.weight += weight
		if r.gap > 0 && w.used != now {
			w.used = now
			r.windows = append(slices.DeleteFunc(r.windows, func(other *refOpenedWindow) bool { return other == w }), w)
		}
	}
	if r.limit > 0 && all[0].weight >= r.limit || r.last && e.Last {
		r.close(all[0], now)
	}
}

func (r *refOpened) close(w *refOpenedWindow, end Instant) {
	r.windows = slices.DeleteFunc(r.windows, func(other *refOpenedWindow) bool { return other == w })
	w.send(&r.ledger, Info{Start: w.start, End: end, ResumeID: r.resumeID()})
}

func (r *refOpened) resumeID() string {
	var held []int
	for _, w := range r.windows {
		held = append(held, w.first)
	}
	return r.resume(held)
}

// end returns when time ends w, or Never.
func (r *refOpened) end(w *refOpenedWindow) Instant {
	if r.within+r.gap == 0 {
		return Never
	}
	return w.used + Instant(r.within+r.gap)
}

func (r *refOpened) advance(now Instant) {
	r.now = now
	for len(r.windows) > 0 && r.end(r.windows[0]) <= now {
		r.close(r.windows[0], r.end(r.windows[0]))
	}
}

func (r *refOpened) early() {
	for _, w := range r.windows {
		if !w.unsent {
			continue
		}
		end := r.end(w)
		if end == Never {
			end = r.now
		}
		w.send(&r.ledger, Info{Start: w.start, End: end, ResumeID: r.resumeID(), Early: true})
	}
}

func (r *refOpened) flush() {
	id := r.resumeID() // the state keeps windows that are delivered now
	for _, w := range r.windows {
		end := r.now
		if r.gap > 0 {
			end = r.end(w)
		}
		w.send(&r.ledger, Info{Start: w.start, End: end, ResumeID: id, Partial: true})
	}
}

func (r *refOpened) next() Instant {
	if len(r.windows) == 0 {
		return Never
	}
	return r.end(r.windows[0])
}
