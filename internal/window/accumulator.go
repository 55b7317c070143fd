package window

// An Accumulator says what a window holds of its items, a value of type A.
//
// An Accumulator serves one subscription. A is saved with a State as JSON.
type Accumulator[T, A any] interface {
	// New returns the value of a window without items.
	New() A
	// Add returns the value acc with items added. It does not keep items.
	Add(acc A, items []T) A
	// Release is called with a value that no window holds any longer, after it was
	// delivered. New may return it again.
	Release(acc A)
}

// A Fold holds what Step makes of the items, one after the other.
type Fold[T, A any] struct {
	Init func() A
	Step func(acc A, v T) A
}

// New returns a value from Init.
func (f Fold[T, A]) New() A { return f.Init() }

// Add calls Step for each item.
func (f Fold[T, A]) Add(acc A, items []T) A {
	for i := range items {
		acc = f.Step(acc, items[i])
	}
	return acc
}

// Release does nothing: the receiver of the result has the value.
func (Fold[T, A]) Release(A) {}

// Lists holds the items in chunks that are used again for the next window.
type Lists[T any] struct{ spare *ChunkList[T] }

// New returns an empty list.
func (l *Lists[T]) New() *ChunkList[T] {
	list := l.spare
	if l.spare = nil; list == nil {
		list = new(ChunkList[T])
	}
	return list
}

// Add appends items.
func (*Lists[T]) Add(list *ChunkList[T], items []T) *ChunkList[T] {
	list.Add(items)
	return list
}

// Release keeps the list for New.
func (l *Lists[T]) Release(list *ChunkList[T]) {
	list.reset()
	l.spare = list
}

// Slices holds the items in a slice that begins with room for Size of them. The
// receiver of the result has the slice, so nothing is copied.
type Slices[T any] struct{ Size int }

// New returns an empty slice.
func (s Slices[T]) New() []T { return make([]T, 0, s.Size) }

// Add appends items.
func (Slices[T]) Add(all, items []T) []T { return append(all, items...) }

// Release does nothing: the receiver of the result has the slice.
func (Slices[T]) Release([]T) {}
