package window

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Bounds define the ends of windows that begin with an item. The zero value never ends them.
type Bounds struct {
	// Weigh returns the weight of an item; nil: each weighs 1. A window ends when its
	// items weigh Limit, or would weigh more with the next item. 0: no limit.
	Weigh func(item int) int
	Limit int
	// Step is the weight after which the next window begins, if that is before the end of
	// the window. 0: windows do not overlap.
	Step int
	// Last reports whether an item ends its window.
	Last func(item int) bool
	// Within is the time from the first item to the end. 0: no limit.
	Within time.Duration
	// Gap is the time from the newest item to the end, instead of Within. 0: no limit.
	Gap time.Duration
}

// An Opened holds windows that begin with an item, separately for each key. It keeps them in
// the order in which the clock ends them: the order in which they were opened or, with a
// Gap, last used.
type Opened struct {
	bounds    Bounds
	span      time.Duration // how long an unused window stays open, or 0 if no time ends it
	keyed     bool
	byNumber  bool // only number of items and time end windows, which do not overlap
	cells     Cells
	positions *Positions
	clock     Clock

	slots       []openedWindow // by cell
	first, last int32          // the least and most recently used windows, or none
	idle        int            // number of slots without a window
}

// An openedWindow is linked to those used before and after it.
type openedWindow struct {
	start, used    Instant
	weight         int
	previous, next int32
	younger        int32 // the next window of the key, if windows overlap
	holding        int32
}

// NewOpened returns windows without items. keyed reports whether items can have several keys.
func NewOpened(cells Cells, keyed bool, positions *Positions, b Bounds, clock Clock) *Opened {
	return &Opened{
		bounds: b, span: max(b.Within, b.Gap), keyed: keyed, cells: cells, positions: positions, clock: clock,
		byNumber: b.Weigh == nil && b.Last == nil && b.Step == 0,
		first:    none, last: none,
	}
}

// Add implements [Windows].
func (o *Opened) Add(now Instant, from, to int) bool {
	if o.byNumber && !o.keyed {
		return o.addAll(now, from, to)
	}
	for i := from; i < to; i++ {
		if o.byNumber && !o.addKeyed(now, i) || !o.byNumber && !o.addItem(now, i) {
			return false
		}
	}
	return true
}

// addAll adds items with the same key, as many at a time as fit into the window.
func (o *Opened) addAll(now Instant, from, to int) bool {
	for from < to {
		o.positions.take(from)
		c := o.first
		if c == none {
			c = o.begin(none, from, now)
		}
		n := to - from
		if o.bounds.Limit > 0 {
			n = min(n, o.bounds.Limit-o.slots[c].weight)
		}
		o.positions.takeAll(from+1, from+n)
		o.cells.fold(c, from, from+n)
		o.use(c, now, n)
		from += n
		if o.slots[c].weight == o.bounds.Limit && !o.close(c, o.read(now), false) {
			return false
		}
	}
	return true
}

// addKeyed is addItem for windows that only their number of items and time end. An open
// window then has room, since a full one closes at once, so one call finds the window and
// adds the item. This saves some percent of the time (BenchmarkKeyed/count).
func (o *Opened) addKeyed(now Instant, item int) bool {
	o.positions.take(item)
	c := o.cells.foldLeading(item)
	if c == none {
		c = o.begin(none, item, now)
		o.cells.fold(c, item, item+1)
	}
	o.use(c, now, 1)
	return o.bounds.Limit == 0 || o.slots[c].weight < o.bounds.Limit || o.close(c, o.read(now), false)
}

func (o *Opened) addItem(now Instant, item int) bool {
	c := o.cells.find(item)
	weight := 1
	if o.bounds.Weigh != nil {
		weight = o.bounds.Weigh(item)
	}
	limit := o.bounds.Limit
	if c != none && limit > 0 && o.slots[c].weight > limit-weight { // the item does not fit
		if !o.close(c, o.read(now), false) {
			return false
		}
		c = o.cells.find(item)
	}
	o.positions.take(item)
	if c == none || o.bounds.Step > 0 {
		c = o.begin(c, item, now)
	}
	for at := c; at != none; at = o.slots[at].younger {
		o.cells.fold(at, item, item+1)
		o.use(at, now, weight)
	}
	if limit > 0 && o.slots[c].weight >= limit || o.bounds.Last != nil && o.bounds.Last(item) {
		return o.close(c, o.read(now), false)
	}
	return true
}

// begin opens a window if the item begins one, and returns the oldest window of its key.
func (o *Opened) begin(oldest int32, item int, now Instant) int32 {
	if oldest == none {
		c := o.open(item, now)
		o.cells.lead(c)
		return c
	}
	newest := oldest
	for o.slots[newest].younger != none {
		newest = o.slots[newest].younger
	}
	if o.slots[newest].weight >= o.bounds.Step {
		c := o.open(item, now)
		o.slots[newest].younger = c
	}
	return oldest
}

func (o *Opened) open(item int, now Instant) int32 {
	c := o.cells.open(item)
	now = o.read(now)
	if int(c) == len(o.slots) {
		o.slots = append(o.slots, openedWindow{})
	} else {
		o.idle--
	}
	o.slots[c] = openedWindow{start: now, used: now, younger: none, holding: o.positions.hold()}
	o.link(c)
	return c
}

// use records that items of this weight were added to a window.
func (o *Opened) use(c int32, now Instant, weight int) {
	w := &o.slots[c]
	w.weight += weight
	if o.bounds.Gap > 0 && w.used != now {
		w.used = now
		if o.last != c {
			o.unlink(c)
			o.link(c)
		}
	}
}

// link makes c the most recently used window.
func (o *Opened) link(c int32) {
	o.slots[c].previous, o.slots[c].next = o.last, none
	if o.last == none {
		o.first = c
	} else {
		o.slots[o.last].next = c
	}
	o.last = c
}

func (o *Opened) unlink(c int32) {
	w := &o.slots[c]
	if w.previous == none {
		o.first = w.next
	} else {
		o.slots[w.previous].next = w.next
	}
	if w.next == none {
		o.last = w.previous
	} else {
		o.slots[w.next].previous = w.previous
	}
}

// read returns now, or the time of the clock if no time ends windows: the caller then passes
// no time, so that the clock is read only when a window opens or closes.
func (o *Opened) read(now Instant) Instant {
	if o.span == 0 {
		return o.clock.Now()
	}
	return now
}

// close delivers the oldest window of a key.
func (o *Opened) close(c int32, end Instant, partial bool) bool {
	w := o.slots[c]
	o.unlink(c)
	if w.younger == none {
		o.cells.unlead(c)
	} else {
		o.cells.lead(w.younger)
	}
	if !partial {
		o.positions.release(w.holding)
	}
	more := o.cells.send(Info{Start: w.start, End: end, ResumeID: o.positions.safe(), Partial: partial}, due, c, c+1)
	o.cells.drop(c)
	if o.idle++; o.idle > compactable && o.idle > len(o.slots)/8*7 {
		o.compact()
	}
	return more
}

// compactable is the number of unused cells that are always kept. If there are more, and
// they are the majority of all cells, their memory is freed.
const compactable = 1024

// compact frees the memory of closed windows.
func (o *Opened) compact() {
	order := make([]int32, 0, len(o.slots)-o.idle)
	moved := make([]int32, len(o.slots))
	for c := o.first; c != none; c = o.slots[c].next {
		moved[c] = int32(len(order)) //nolint:gosec // memory holds fewer
		order = append(order, c)
	}
	slots := make([]openedWindow, 0, 2*len(order))
	for i, c := range order {
		w := o.slots[c]
		w.previous, w.next = int32(i)-1, int32(i)+1
		if w.younger != none {
			w.younger = moved[w.younger]
		}
		slots = append(slots, w)
	}
	o.cells.compact(order)
	o.slots, o.idle, o.first, o.last = slots, 0, none, int32(len(slots))-1 //nolint:gosec // memory holds fewer
	if len(slots) > 0 {
		o.first, slots[len(slots)-1].next = 0, none
	}
}

// Advance implements [Windows].
func (o *Opened) Advance(now Instant) bool {
	for o.Next() <= now {
		if !o.close(o.first, o.end(o.first), false) {
			return false
		}
	}
	return true
}

// end returns when time ends a window.
func (o *Opened) end(c int32) Instant { return o.slots[c].used.Plus(o.span) }

// Next implements [Windows].
func (o *Opened) Next() Instant {
	if o.span == 0 || o.first == none {
		return Never
	}
	return o.end(o.first)
}

// Early implements [Windows].
func (o *Opened) Early() bool {
	now := o.clock.Now()
	for c := o.first; c != none; c = o.slots[c].next {
		info := Info{Start: o.slots[c].start, End: now, ResumeID: o.positions.safe(), Early: true}
		if o.span > 0 {
			info.End = o.end(c)
		}
		if !o.cells.send(info, unsent, c, c+1) {
			return false
		}
	}
	return true
}

// Flush implements [Windows].
func (o *Opened) Flush() bool {
	now := o.clock.Now()
	for o.first != none {
		end := now
		if o.bounds.Gap > 0 {
			end = o.end(o.first)
		}
		if !o.close(o.first, end, true) {
			return false
		}
	}
	return true
}

// A savedOpened is an openedWindow in a State.
type savedOpened struct {
	Start, Used Instant
	Weight      int
	Cell        jsontext.Value
}

// Save implements [Windows].
func (o *Opened) Save() (jsontext.Value, error) {
	saved := []savedOpened{}
	for c := o.first; c != none; c = o.slots[c].next {
		w := &o.slots[c]
		v, err := o.cells.save(c)
		if err != nil {
			return nil, err
		}
		saved = append(saved, savedOpened{w.start, w.used, w.weight, v})
	}
	return json.Marshal(saved, stateFormat)
}

// Load implements [Windows].
func (o *Opened) Load(data jsontext.Value) error {
	var saved []savedOpened
	if err := json.Unmarshal(data, &saved, stateFormat); err != nil {
		return err
	}
	for _, s := range saved {
		c, older, err := o.cells.load(s.Cell)
		if err != nil {
			return err
		}
		o.slots = append(o.slots, openedWindow{start: s.Start, used: s.Used, weight: s.Weight, younger: none, holding: o.positions.hold()})
		o.link(c)
		if older == none {
			o.cells.lead(c)
			continue
		}
		for o.slots[older].younger != none {
			older = o.slots[older].younger
		}
		o.slots[older].younger = c
	}
	return nil
}
