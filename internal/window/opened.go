package window

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rxsse/rxsse/internal/lru"
)

// Bounds say when windows that begin with an item end. The zero value never ends them.
type Bounds[T any] struct {
	// Weigh returns the weight of an item; nil: each weighs 1. A window ends when its
	// items weigh Limit, or would weigh more with the next item. 0: no limit.
	Weigh func(T) int
	Limit int
	// Step is the weight after which the next window begins, if that is before the
	// end of the window. 0: windows do not overlap.
	Step int
	// Last reports whether an item ends its window.
	Last func(T) bool
	// Within is the time from the first item to the end. 0: no limit.
	Within time.Duration
	// Gap is the time from the newest item to the end, instead of Within. 0: no limit.
	Gap time.Duration
}

// span returns for how long an unused window stays open, or 0 if no time ends it.
func (b *Bounds[T]) span() time.Duration { return max(b.Within, b.Gap) }

// perItem reports whether items must be looked at one by one.
func (b *Bounds[T]) perItem() bool { return b.Weigh != nil || b.Last != nil || b.Step > 0 }

// An Opened holds windows that begin with an item, for each key by itself. The window
// that ends first by the clock is the one that was opened, or with a Gap used, longest
// ago.
type Opened[T any, K comparable, A any] struct {
	Config[T, K, A]
	Bounds[T]

	clock  Clock
	oldest map[K]*lru.Entry[openedWindow[K, A]] // of each key
	order  lru.List[openedWindow[K, A]]
	spare  *lru.Entry[openedWindow[K, A]]
}

type openedWindow[K comparable, A any] struct {
	key     K
	start   Instant
	value   A
	weight  int
	change  change
	younger *lru.Entry[openedWindow[K, A]] // the next window of the key, if windows overlap
	holding *holding
}

// NewOpened returns windows without items.
func NewOpened[T any, K comparable, A any](c Config[T, K, A], b Bounds[T], clock Clock) *Opened[T, K, A] {
	return &Opened[T, K, A]{Config: c, Bounds: b, clock: clock, oldest: make(map[K]*lru.Entry[openedWindow[K, A]])}
}

// Add implements [Windows].
func (o *Opened[T, K, A]) Add(now Instant, items []T) bool {
	if o.Key == nil && !o.perItem() {
		return o.addAll(now, items)
	}
	for i := range items {
		if !o.addItem(now, items[i:i+1]) {
			return false
		}
	}
	return true
}

// addAll adds items that all have the same key: as many at a time as fit.
func (o *Opened[T, K, A]) addAll(now Instant, items []T) bool {
	for len(items) > 0 {
		o.Positions.take(&items[0])
		e := o.order.First()
		if e == nil {
			var only K
			e = o.open(only, now)
		}
		n := len(items)
		if o.Limit > 0 {
			n = min(n, o.Limit-e.Value.weight)
		}
		if n > 1 {
			o.Positions.takeAll(items[1:n])
		}
		o.fold(e, now, items[:n], n)
		items = items[n:]
		if e.Value.weight == o.Limit && !o.close(e, o.read(now), false) {
			return false
		}
	}
	return true
}

// addItem adds the one item of a slice.
func (o *Opened[T, K, A]) addItem(now Instant, item []T) bool {
	var k K
	if o.Key != nil {
		k = o.Key(item[0])
	}
	weight := 1
	if o.Weigh != nil {
		weight = o.Weigh(item[0])
	}
	e := o.find(k)
	if e != nil && o.Limit > 0 && e.Value.weight > o.Limit-weight { // there is no room for the item
		if !o.close(e, o.read(now), false) {
			return false
		}
		e = o.find(k)
	}
	o.Positions.take(&item[0])
	e = o.begin(e, k, now)
	o.fold(e, now, item, weight)
	for younger := e.Value.younger; younger != nil; younger = younger.Value.younger {
		o.fold(younger, now, item, weight)
	}
	if o.Limit > 0 && e.Value.weight >= o.Limit || o.Last != nil && o.Last(item[0]) {
		return o.close(e, o.read(now), false)
	}
	return true
}

// find returns the oldest window of a key, or nil.
func (o *Opened[T, K, A]) find(k K) *lru.Entry[openedWindow[K, A]] {
	if o.Key == nil {
		return o.order.First()
	}
	return o.oldest[k]
}

// begin opens a window if an item of k begins one, and returns the oldest of the key.
func (o *Opened[T, K, A]) begin(oldest *lru.Entry[openedWindow[K, A]], k K, now Instant) *lru.Entry[openedWindow[K, A]] {
	if oldest == nil {
		e := o.open(k, now)
		if o.Key != nil && k == k { //nolint:gocritic // not so for NaN, which could not be deleted again
			o.oldest[k] = e
		}
		return e
	}
	if o.Step == 0 {
		return oldest
	}
	newest := oldest
	for newest.Value.younger != nil {
		newest = newest.Value.younger
	}
	if newest.Value.weight >= o.Step {
		newest.Value.younger = o.open(k, now)
	}
	return oldest
}

// open opens a window.
func (o *Opened[T, K, A]) open(k K, now Instant) *lru.Entry[openedWindow[K, A]] {
	e := o.spare
	if o.spare = nil; e == nil {
		e = new(lru.Entry[openedWindow[K, A]])
	}
	now = o.read(now)
	e.Value = openedWindow[K, A]{key: k, start: now, value: o.Accumulator.New(), holding: o.Positions.hold()}
	o.order.Use(e, int64(now))
	return e
}

func (o *Opened[T, K, A]) fold(e *lru.Entry[openedWindow[K, A]], now Instant, items []T, weight int) {
	w := &e.Value
	w.value = o.Accumulator.Add(w.value, items)
	w.weight += weight
	w.change = unsent
	if o.Gap > 0 {
		o.order.Use(e, int64(now))
	}
}

// read returns now, or reads the clock if nobody has: windows that no time ends look at
// it when they open and when they close.
func (o *Opened[T, K, A]) read(now Instant) Instant {
	if o.span() == 0 {
		return o.clock.Now()
	}
	return now
}

// close delivers the oldest window of a key.
func (o *Opened[T, K, A]) close(e *lru.Entry[openedWindow[K, A]], end Instant, partial bool) bool {
	w := e.Value
	o.order.Remove(e)
	switch {
	case o.Key == nil:
	case w.younger != nil:
		o.oldest[w.key] = w.younger
	default:
		delete(o.oldest, w.key)
	}
	e.Value = openedWindow[K, A]{}
	o.spare = e
	if !partial {
		o.Positions.release(w.holding)
	}
	more := o.Send(Result[K, A]{Key: w.key, Start: w.start, End: end, Value: w.value, ResumeID: o.Positions.safe(), Partial: partial})
	o.Accumulator.Release(w.value)
	return more
}

// Advance implements [Windows].
func (o *Opened[T, K, A]) Advance(now Instant) bool {
	for o.Next() <= now {
		e := o.order.First()
		if !o.close(e, o.end(e), false) {
			return false
		}
	}
	return true
}

// end returns when time ends a window.
func (o *Opened[T, K, A]) end(e *lru.Entry[openedWindow[K, A]]) Instant {
	return Instant(e.Used()).Plus(o.span())
}

// Next implements [Windows].
func (o *Opened[T, K, A]) Next() Instant {
	if o.span() == 0 {
		return Never
	}
	if e := o.order.First(); e != nil {
		return o.end(e)
	}
	return Never
}

// Early implements [Windows].
func (o *Opened[T, K, A]) Early() bool {
	now := o.clock.Now()
	for e := o.order.First(); e != nil; e = o.order.Next(e) {
		w := &e.Value
		if w.change&unsent == 0 {
			continue
		}
		w.change = 0
		end := now
		if o.span() > 0 {
			end = o.end(e)
		}
		r := Result[K, A]{Key: w.key, Start: w.start, End: end, Value: w.value, ResumeID: o.Positions.safe(), Early: true}
		if !o.Send(r) {
			return false
		}
	}
	return true
}

// Flush implements [Windows].
func (o *Opened[T, K, A]) Flush() bool {
	now := o.clock.Now()
	for e := o.order.First(); e != nil; e = o.order.First() {
		end := now
		if o.Gap > 0 {
			end = o.end(e)
		}
		if !o.close(e, end, true) {
			return false
		}
	}
	return true
}

// A savedOpened is an openedWindow in a State.
type savedOpened[K comparable, A any] struct {
	Key         K
	Start, Used Instant
	Weight      int
	Value       A
}

// Save implements [Windows].
func (o *Opened[T, K, A]) Save() (jsontext.Value, error) {
	saved := []savedOpened[K, A]{}
	for e := o.order.First(); e != nil; e = o.order.Next(e) {
		w := &e.Value
		saved = append(saved, savedOpened[K, A]{w.key, w.start, Instant(e.Used()), w.weight, w.value})
	}
	return json.Marshal(saved, stateFormat)
}

// Load implements [Windows].
func (o *Opened[T, K, A]) Load(data jsontext.Value) error {
	var saved []savedOpened[K, A]
	if err := json.Unmarshal(data, &saved, stateFormat); err != nil {
		return err
	}
	newest := make(map[K]*lru.Entry[openedWindow[K, A]])
	for _, s := range saved {
		e := &lru.Entry[openedWindow[K, A]]{Value: openedWindow[K, A]{
			key: s.Key, start: s.Start, weight: s.Weight, value: s.Value, change: unsent, holding: o.Positions.hold(),
		}}
		o.order.Use(e, int64(s.Used))
		if older := newest[s.Key]; older != nil {
			older.Value.younger = e
		} else if o.Key != nil {
			o.oldest[s.Key] = e
		}
		newest[s.Key] = e
	}
	return nil
}
