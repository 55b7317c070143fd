// Package lru orders entries by last use, the longest unused first, so that one timer, for
// the first entry, serves all of them.
package lru

// A List holds entries, the least recently used first. The zero List is empty.
type List[V any] struct{ root Entry[V] }

// An Entry is an element of at most one List.
type Entry[V any] struct {
	prev, next *Entry[V]
	used       int64
	Value      V
}

// Used returns the time given to the last Use, in the caller's unit.
func (e *Entry[V]) Used() int64 { return e.used }

// First returns the least recently used entry, or nil if the list is empty.
func (l *List[V]) First() *Entry[V] {
	if l.root.next == &l.root {
		return nil
	}
	return l.root.next
}

// Use makes e the newest entry; now must not be before the time of an earlier call.
// A second call with the same time costs next to nothing.
func (l *List[V]) Use(e *Entry[V], now int64) {
	if e.next != nil {
		if e.used == now {
			return
		}
		l.Remove(e)
	}
	if l.root.next == nil {
		l.root.prev, l.root.next = &l.root, &l.root
	}
	e.used = now
	e.prev, e.next = l.root.prev, &l.root
	e.prev.next, l.root.prev = e, e
}

// Remove removes e from the list.
func (l *List[V]) Remove(e *Entry[V]) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
