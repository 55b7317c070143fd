package window

// An Accumulator says what a window holds of its items, a value of type A.
//
// An Accumulator serves one subscription. A is saved with a State as JSON.
type Accumulator[T, A any] struct {
	// New returns the value of a window without items.
	New func() A
	// Add returns acc with an item added.
	Add func(acc A, v T) A
	// AddAll returns acc with several items added. It does not keep the slice. nil: Add
	// adds them one by one.
	AddAll func(acc A, items []T) A
	// Join returns the value of a window that two others become, the earlier one first.
	// Only [Sessions] need it.
	Join func(earlier, later A) A
	// Release is called with a value that no window holds any longer, after it was
	// delivered. New may return it again. nil: the receiver of the result has the value.
	Release func(acc A)
}

// addAll adds items to acc.
func (a *Accumulator[T, A]) addAll(acc A, items []T) A {
	if a.AddAll != nil && len(items) > 1 {
		return a.AddAll(acc, items)
	}
	for i := range items {
		acc = a.Add(acc, items[i])
	}
	return acc
}

// Lists holds the items in chunks that are used again for the next window.
func Lists[T any]() Accumulator[T, *ChunkList[T]] {
	var spare *ChunkList[T]
	return Accumulator[T, *ChunkList[T]]{
		New: func() *ChunkList[T] {
			list := spare
			if spare = nil; list == nil {
				list = new(ChunkList[T])
			}
			return list
		},
		Add: func(list *ChunkList[T], v T) *ChunkList[T] {
			list.Add([]T{v})
			return list
		},
		AddAll: func(list *ChunkList[T], items []T) *ChunkList[T] {
			list.Add(items)
			return list
		},
		Release: func(list *ChunkList[T]) {
			list.reset()
			spare = list
		},
	}
}

// Slices holds the items in a slice that begins with room for size of them. The receiver
// of the result has the slice, so nothing is copied.
func Slices[T any](size int) Accumulator[T, []T] {
	return Accumulator[T, []T]{
		New:    func() []T { return make([]T, 0, size) },
		Add:    func(all []T, v T) []T { return append(all, v) },
		AddAll: func(all, items []T) []T { return append(all, items...) },
		Join:   func(all, later []T) []T { return append(all, later...) },
	}
}
