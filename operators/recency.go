package operators

// A recency holds entries in the order in which they were last used, so that
// those that nobody has used for some time are found at its front: one alarm, for
// the first entry, serves any number.
type recency[V any] struct{ root recent[V] }

// A recent is an entry of a recency.
type recent[V any] struct {
	prev, next *recent[V]
	used       instant
	value      V
}

// first returns the entry that was used longest ago, nil if there is none.
func (r *recency[V]) first() *recent[V] {
	if r.root.next == nil || r.root.next == &r.root {
		return nil
	}
	return r.root.next
}

// use makes e the newest entry. It costs next to nothing if e was used at the
// same instant before.
func (r *recency[V]) use(e *recent[V], now instant) {
	if e.next != nil {
		if e.used == now {
			return
		}
		r.remove(e)
	}
	if r.root.next == nil {
		r.root.prev, r.root.next = &r.root, &r.root
	}
	e.used = now
	e.prev, e.next = r.root.prev, &r.root
	e.prev.next, r.root.prev = e, e
}

// remove takes e out.
func (r *recency[V]) remove(e *recent[V]) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
