//nolint:unused // the methods are called through contents, which the linter does not follow: it is generic
package operators

// contents is what one window of those that all keys share holds: items, an
// accumulator, or an accumulator for each key.
type contents[T, R any] interface {
	add(items []T)
	// deliver delivers what has changed since the last time, and reports whether
	// more is wanted.
	deliver(start, end instant, send func(R) bool) bool
	// empty makes room for the next window.
	empty()
}

// itemContents holds the items.
type itemContents[T, R any] struct {
	pile[T]

	result func(start, end instant, items []T) R
}

func (c *itemContents[T, R]) deliver(start, end instant, send func(R) bool) bool {
	return send(c.result(start, end, c.items()))
}

// foldContents holds an accumulator.
type foldContents[T, R any, K comparable, A any] struct {
	fold   fold[T, A]
	result func(key K, start, end instant, acc A) R

	acc  A
	used bool
}

func (c *foldContents[T, R, K, A]) add(items []T) {
	if !c.used {
		c.used, c.acc = true, c.fold.init()
	}
	c.acc = c.fold.many(c.acc, items)
}

func (c *foldContents[T, R, K, A]) deliver(start, end instant, send func(R) bool) bool {
	var only K
	return send(c.result(only, start, end, c.acc))
}

func (c *foldContents[T, R, K, A]) empty() {
	var zero A
	c.used, c.acc = false, zero
}

// keyedContents holds an accumulator for each key, in the order in which the keys
// came.
type keyedContents[T, R any, K comparable, A any] struct {
	key    func(T) K
	fold   fold[T, A]
	result func(key K, start, end instant, acc A) R

	index map[K]int // into cells
	cells []keyedCell[K, A]
}

type keyedCell[K comparable, A any] struct {
	key     K
	changed bool // since it was delivered
	acc     A
}

func (c *keyedContents[T, R, K, A]) add(items []T) {
	for i := range items {
		k := c.key(items[i])
		at, known := c.index[k]
		if !known {
			at = len(c.cells)
			c.index[k] = at
			c.cells = append(c.cells, keyedCell[K, A]{key: k, acc: c.fold.init()})
		}
		cell := &c.cells[at]
		cell.acc = c.fold.add(cell.acc, items[i])
		cell.changed = true
	}
}

func (c *keyedContents[T, R, K, A]) deliver(start, end instant, send func(R) bool) bool {
	for i := range c.cells {
		cell := &c.cells[i]
		if !cell.changed {
			continue
		}
		cell.changed = false
		if !send(c.result(cell.key, start, end, cell.acc)) {
			return false
		}
	}
	return true
}

// empty keeps the room for as many keys as there were, and lets go of room that
// was hardly used.
func (c *keyedContents[T, R, K, A]) empty() {
	if len(c.cells) < cap(c.cells)/8 {
		c.index, c.cells = make(map[K]int, len(c.cells)), nil
		return
	}
	clear(c.index)
	clear(c.cells)
	c.cells = c.cells[:0]
}
