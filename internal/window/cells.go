package window

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Cells hold the content of windows: a numbered cell, with a key and an accumulator, for
// each window and key. Only Cells depend on the types of a stream, so the compiler
// instantiates little code for each of them.
//
// [Table] implements it.
type Cells interface {
	find(item int) int32                    // the leading cell for an item's key, or none
	open(item int) int32                    // a new cell for the key of the item last found
	lead(cell int32)                        // make find return this cell for its key
	unlead(cell int32)                      // make find return none for its key
	fold(cell int32, from, to int)          // add items to a cell
	foldLeading(item int) int32             // add an item to the leading cell for its key, and return the cell, or none
	foldByKey(from, to int)                 // add each item to the leading cell for its key, or to a new one
	join(earlier, later int32)              // add the items of the later cell to the earlier one
	drop(cell int32)                        // release the value and the number of a cell
	reset()                                 // drop all cells
	compact(order []int32)                  // keep these cells, with numbers in this order
	len() int32                             // numbers in use are below
	changed(cell int32, wanted change) bool // reports whether a cell has any of the wanted changes
	// send delivers the cells from <= i < to that have the wanted change, and removes the
	// change from them.
	send(info Info, wanted change, from, to int32) bool
	save(cell int32) (jsontext.Value, error)
	// load adds what save returned. It also returns the leading cell for the key, or none.
	load(saved jsontext.Value) (cell, leads int32, err error)
}

// none stands for no cell.
const none = -1

// A Config configures the Table of a subscription.
type Config[T any, K comparable, A any] struct {
	Batch       *Batch[T]
	Key         func(T) K // nil: all items have the same key
	Accumulator Accumulator[T, A]
	Send        func(K, A, Info) bool // delivers, and reports whether to continue
}

// A Table implements [Cells] for items of type T. It holds only cells for a key, and no
// pointers except in keys and accumulators, so the garbage collector has little to scan.
type Table[T any, K comparable, A any] struct {
	Config[T, K, A]

	index map[K]int32
	only  int32 // without keys: the leading cell
	found K     // the key of the item that find was last called with
	cells []cell[K, A]
	free  []int32
}

type cell[K comparable, A any] struct {
	key    K
	value  A
	change change
}

// NewTable returns a Table without cells.
func NewTable[T any, K comparable, A any](c *Config[T, K, A]) *Table[T, K, A] {
	t := &Table[T, K, A]{Config: *c, only: none}
	if c.Key != nil {
		t.index = make(map[K]int32)
	}
	return t
}

// NewItemTable returns a Table that holds the items of cells, and folds them into the
// accumulator of c on delivery. [Sessions] need it.
func NewItemTable[T any, K comparable, A any](c *Config[T, K, A]) *Table[T, K, []T] {
	return NewTable(&Config[T, K, []T]{
		Batch: c.Batch, Key: c.Key, Accumulator: Slices[T](0),
		Send: func(k K, items []T, info Info) bool {
			return c.Send(k, c.Accumulator.addAll(c.Accumulator.New(), items), info)
		},
	})
}

func (t *Table[T, K, A]) find(item int) int32 {
	if t.Key == nil {
		return t.only
	}
	t.found = t.Key(t.Batch.Items[item])
	if c, ok := t.index[t.found]; ok {
		return c
	}
	return none
}

func (t *Table[T, K, A]) open(int) int32 { return t.add(t.found, t.Accumulator.New()) }

func (t *Table[T, K, A]) add(k K, value A) int32 {
	opened := cell[K, A]{key: k, value: value, change: unsent | due}
	if last := len(t.free) - 1; last >= 0 {
		c := t.free[last]
		t.free = t.free[:last]
		t.cells[c] = opened
		return c
	}
	t.cells = append(t.cells, opened)
	return t.len() - 1
}

func (t *Table[T, K, A]) lead(c int32) {
	k := t.cells[c].key
	switch {
	case t.Key == nil:
		t.only = c
	case k == k: //nolint:gocritic // false for NaN, which could not be deleted again
		t.index[k] = c
	}
}

func (t *Table[T, K, A]) unlead(c int32) {
	if t.Key == nil {
		t.only = none
	} else {
		delete(t.index, t.cells[c].key)
	}
}

func (t *Table[T, K, A]) fold(c int32, from, to int) {
	at := &t.cells[c]
	at.value = t.Accumulator.addAll(at.value, t.Batch.Items[from:to])
	at.change = unsent | due
}

func (t *Table[T, K, A]) foldLeading(item int) int32 {
	c := t.find(item)
	if c != none {
		at := &t.cells[c]
		at.value = t.Accumulator.Add(at.value, t.Batch.Items[item])
		at.change = unsent | due
	}
	return c
}

func (t *Table[T, K, A]) foldByKey(from, to int) {
	if t.Key == nil {
		if t.only == none {
			t.only = t.open(from)
		}
		t.fold(t.only, from, to)
		return
	}
	items := t.Batch.Items[from:to]
	for i := range items {
		k := t.Key(items[i])
		c, known := t.index[k]
		if !known {
			c = t.add(k, t.Accumulator.New())
			t.lead(c)
		}
		at := &t.cells[c]
		at.value = t.Accumulator.Add(at.value, items[i])
		at.change = unsent | due
	}
}

func (t *Table[T, K, A]) join(earlier, later int32) {
	e := &t.cells[earlier]
	e.value = t.Accumulator.Join(e.value, t.cells[later].value)
	e.change |= t.cells[later].change
}

func (t *Table[T, K, A]) drop(c int32) {
	if t.Accumulator.Release != nil {
		t.Accumulator.Release(t.cells[c].value)
	}
	t.cells[c] = cell[K, A]{}
	t.free = append(t.free, c)
}

// reset keeps the memory of the cells, unless less than an eighth of it was used.
func (t *Table[T, K, A]) reset() {
	if t.Accumulator.Release != nil {
		for i := range t.cells {
			t.Accumulator.Release(t.cells[i].value)
		}
	}
	t.only, t.free = none, nil
	if len(t.cells) < cap(t.cells)/8 {
		t.cells = nil
		if t.index != nil {
			t.index = make(map[K]int32)
		}
		return
	}
	clear(t.index)
	clear(t.cells)
	t.cells = t.cells[:0]
}

func (t *Table[T, K, A]) compact(order []int32) {
	cells := make([]cell[K, A], 0, 2*len(order))
	moved := make([]int32, len(t.cells))
	for i, c := range order {
		cells = append(cells, t.cells[c])
		moved[c] = int32(i)
	}
	if t.only != none {
		t.only = moved[t.only]
	}
	if t.index != nil {
		index := make(map[K]int32, len(order))
		for k, c := range t.index {
			index[k] = moved[c]
		}
		t.index = index
	}
	t.cells, t.free = cells, nil
}

func (t *Table[T, K, A]) len() int32 { return int32(len(t.cells)) } //nolint:gosec // memory holds fewer

func (t *Table[T, K, A]) changed(c int32, wanted change) bool { return t.cells[c].change&wanted != 0 }

func (t *Table[T, K, A]) send(info Info, wanted change, from, to int32) bool {
	for i := from; i < to; i++ {
		c := &t.cells[i]
		if c.change&wanted == 0 {
			continue
		}
		c.change &^= unsent | wanted
		if !t.Send(c.key, c.value, info) {
			return false
		}
	}
	return true
}

// A savedCell is a cell in a State.
type savedCell[K comparable, A any] struct {
	Key   K
	Value A
	Due   bool // no result of a closed window has the newest items
}

func (t *Table[T, K, A]) save(c int32) (jsontext.Value, error) {
	at := &t.cells[c]
	return json.Marshal(savedCell[K, A]{at.key, at.value, at.change&due != 0}, stateFormat)
}

func (t *Table[T, K, A]) load(saved jsontext.Value) (c, leads int32, err error) {
	var v savedCell[K, A]
	if err := json.Unmarshal(saved, &v, stateFormat); err != nil {
		return none, none, err
	}
	leads = t.only
	if l, ok := t.index[v.Key]; ok {
		leads = l
	}
	c = t.add(v.Key, v.Value)
	if !v.Due {
		t.cells[c].change = 0
	}
	return c, leads, nil
}
