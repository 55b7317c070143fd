package window

// An Accumulator defines what a window holds: a value of type A, which a State saves as
// JSON. An Accumulator serves one subscription.
type Accumulator[T, A any] struct {
	// New returns the value of a window without items.
	New func() A
	// Add returns acc with an item added.
	Add func(acc A, v T) A
	// AddAll returns acc with several items added. It does not keep the slice. If it is
	// nil, Add adds them one by one.
	AddAll func(acc A, items []T) A
	// Join returns the value of a window that replaces two others. Only [Sessions] need it.
	Join func(earlier, later A) A
	// Release is called with a delivered value that no window holds any more. New may
	// return it again. If Release is nil, the receiver of the result keeps the value.
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

// Lists returns an accumulator that holds the items in chunks, which the next window reuses.
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

// Slices returns an accumulator that holds the items in a slice with an initial capacity of
// size. The receiver of the result keeps the slice, so nothing is copied.
func Slices[T any](size int) Accumulator[T, []T] {
	return Accumulator[T, []T]{
		New:    func() []T { return make([]T, 0, size) },
		Add:    func(all []T, v T) []T { return append(all, v) },
		AddAll: func(all, items []T) []T { return append(all, items...) },
		Join:   func(all, later []T) []T { return append(all, later...) },
	}
}
