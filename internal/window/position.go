package window

import "github.com/rxsse/rxsse/codec"

// Positions follow where the stream can resume after the items of one subscription,
// and which items windows still hold. The methods of a nil *Positions do nothing: it
// is for items without positions.
//
// Reading an ID costs more than adding an item to a window. So Positions keep pointers
// to the newest two items and read an ID only when a window opens or closes, unless
// there is a State.
type Positions[T any] struct {
	id func(*T) string

	previous, newest *T     // valid until Settle
	settled          string // the position of the item before newest, if previous is nil
	known            string // the newest position before the newest run of equal IDs
	held             holdings

	replay *replay // nil: there is no State
}

// NewPositions returns nil if items of type T have no positions.
func NewPositions[T any]() *Positions[T] {
	of := PositionOf[T]()
	if of == nil {
		return nil
	}
	return &Positions[T]{id: of}
}

// PositionOf returns a function that returns the position of an item, or nil if items of
// type T have no positions.
func PositionOf[T any]() func(*T) string {
	var zero T
	if _, ok := any(&zero).(codec.Resumable); ok {
		return func(v *T) string { return any(v).(codec.Resumable).ResumeID() } //nolint:forcetypeassert,errcheck // checked above
	}
	if _, ok := any(zero).(codec.Resumable); ok { // T is a pointer
		return func(v *T) string { return any(*v).(codec.Resumable).ResumeID() } //nolint:forcetypeassert,errcheck // checked above
	}
	return nil
}

// take notes that item is the newest. It stays valid until two items later, or until
// Settle.
func (p *Positions[T]) take(item *T) {
	if p == nil {
		return
	}
	p.previous, p.newest = p.newest, item
	if p.replay != nil {
		p.replay.took(p.id(item))
	}
}

// takeAll notes all of items, oldest first.
func (p *Positions[T]) takeAll(items []T) {
	if p == nil {
		return
	}
	if p.replay == nil && len(items) > 2 {
		items = items[len(items)-2:]
	}
	for i := range items {
		p.take(&items[i])
	}
}

// Settle lets go of the items, which the caller is about to overwrite.
func (p *Positions[T]) Settle() {
	if p != nil && p.newest != nil {
		p.before()
		p.settled = p.id(p.newest)
		p.previous, p.newest = nil, nil
	}
}

// after returns the position after the newest item.
func (p *Positions[T]) after() string {
	if p.newest == nil {
		return p.settled
	}
	return p.id(p.newest)
}

// before returns the position before the newest item and before all items in a row
// that have the same ID, since resuming after that ID could skip some of them.
func (p *Positions[T]) before() string {
	before := p.settled
	if p.previous != nil {
		before = p.id(p.previous)
	}
	if before != "" && before != p.after() {
		p.known = before
	}
	return p.known
}

// hold begins to hold items, from the newest on. Nothing is saved past them until
// release.
func (p *Positions[T]) hold() *holding {
	if p == nil {
		return nil
	}
	return p.held.push(p.before())
}

// release ends a hold.
func (p *Positions[T]) release(h *holding) {
	if p != nil && h != nil {
		p.held.remove(h)
	}
}

// safe returns the position before all items that are held, or after the newest item
// if none is.
func (p *Positions[T]) safe() string {
	if p == nil {
		return ""
	}
	if h := p.held.first(); h != nil {
		return h.before
	}
	return p.after()
}

// A holding stands for the items of one open window.
type holding struct {
	prev, next *holding
	before     string // the position before the first of them
	seq        uint64 // in the order of their first items
}

// holdings are the open windows in the order of their first items.
type holdings struct {
	root holding
	free *holding
	seq  uint64
}

func (l *holdings) first() *holding {
	if l.root.next == &l.root {
		return nil
	}
	return l.root.next
}

func (l *holdings) push(before string) *holding {
	if l.root.next == nil {
		l.root.prev, l.root.next = &l.root, &l.root
	}
	h := l.free
	if h == nil {
		h = new(holding)
	} else {
		l.free = h.next
	}
	l.seq++
	*h = holding{prev: l.root.prev, next: &l.root, before: before, seq: l.seq}
	h.prev.next, l.root.prev = h, h
	return h
}

func (l *holdings) remove(h *holding) {
	h.prev.next, h.next.prev = h.next, h.prev
	*h = holding{next: l.free}
	l.free = h
}
