package window

import "github.com/rxsse/rxsse/codec"

// Positions track where the stream can resume after the items of one subscription, and
// which items windows still hold. The methods of a nil *Positions, for items without
// positions, do nothing.
//
// Reading an ID costs more than adding an item to a window. So without a State, Positions
// record only the newest two items, and read an ID only when a window opens or closes.
type Positions struct {
	id func(item int) string

	previous, newest int    // in the batch, or none; valid until Settle
	settled          string // the position of the item before newest, if previous is none
	known            string // the newest position before the newest run of equal IDs
	held             holdings

	replay *replay // nil: there is no State
}

// NewPositions returns the positions of the items of a batch, or nil if items of type T
// have none.
func NewPositions[T any](b *Batch[T]) *Positions {
	of := PositionOf[T]()
	if of == nil {
		return nil
	}
	return &Positions{id: func(item int) string { return of(&b.Items[item]) }, previous: none, newest: none}
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

// take records the newest item, which must stay in the batch until two more items are taken,
// or until Settle.
func (p *Positions) take(item int) {
	if p != nil {
		p.note(item)
	}
}

// note is take for items with positions, so that take can be inlined.
func (p *Positions) note(item int) {
	p.previous, p.newest = p.newest, item
	if p.replay != nil {
		p.replay.took(p.id(item))
	}
}

// takeAll takes all items from <= i < to.
func (p *Positions) takeAll(from, to int) {
	if p == nil {
		return
	}
	if p.replay == nil {
		from = max(from, to-2)
	}
	for ; from < to; from++ {
		p.note(from)
	}
}

// Settle reads what it needs from the batch before the caller changes it.
func (p *Positions) Settle() {
	if p != nil && p.newest != none {
		p.before()
		p.settled = p.id(p.newest)
		p.previous, p.newest = none, none
	}
}

// after returns the position after the newest item.
func (p *Positions) after() string {
	if p.newest == none {
		return p.settled
	}
	return p.id(p.newest)
}

// before returns the position before the newest item and all items directly before it with
// the same ID, since resuming after that ID could skip some of them.
func (p *Positions) before() string {
	before := p.settled
	if p.previous != none {
		before = p.id(p.previous)
	}
	if before != "" && before != p.after() {
		p.known = before
	}
	return p.known
}

// hold begins to hold items, from the newest on: no position is after them until release.
func (p *Positions) hold() int32 {
	if p == nil {
		return 0
	}
	return p.held.push(p.before())
}

// release ends a hold. 0 is no hold.
func (p *Positions) release(h int32) {
	if p != nil && h != 0 {
		p.held.remove(h)
	}
}

// merge ends the later of two holds, and returns the other.
func (p *Positions) merge(a, b int32) int32 {
	if p == nil || a == 0 || b == 0 {
		return max(a, b)
	}
	if p.held.all[b].seq < p.held.all[a].seq {
		a, b = b, a
	}
	p.release(b)
	return a
}

// safe returns the position before all held items, or after the newest item if none is held.
func (p *Positions) safe() string {
	if p == nil {
		return ""
	}
	if h := p.held.first(); h != 0 {
		return p.held.all[h].before
	}
	return p.after()
}

// A holding stands for the items of one open window.
type holding struct {
	previous, next int32
	before         string // the position before the first of them
	seq            uint64 // in the order of their first items
}

// holdings are the open windows in the order of their first items, as a linked ring in all,
// whose element 0 is no window.
type holdings struct {
	all  []holding
	free int32 // the first of a list of unused elements
	seq  uint64
}

func (l *holdings) first() int32 {
	if len(l.all) == 0 {
		return 0
	}
	return l.all[0].next
}

func (l *holdings) push(before string) int32 {
	if len(l.all) == 0 {
		l.all = append(l.all, holding{})
	}
	h := l.free
	if h == 0 {
		h = int32(len(l.all)) //nolint:gosec // memory holds fewer
		l.all = append(l.all, holding{})
	} else {
		l.free = l.all[h].next
	}
	l.seq++
	last := l.all[0].previous
	l.all[h] = holding{previous: last, before: before, seq: l.seq}
	l.all[last].next, l.all[0].previous = h, h
	return h
}

func (l *holdings) remove(h int32) {
	gone := l.all[h]
	l.all[gone.previous].next, l.all[gone.next].previous = gone.next, gone.previous
	l.all[h] = holding{next: l.free}
	l.free = h
}
