package handoff

// A Ring is a first-in, first-out queue for one goroutine. It grows by doubling, reuses the
// room of removed items, and keeps no removed item alive. The zero Ring is empty.
type Ring[T any] struct {
	items []T // its length is a power of two, or 0
	head  int // index of the first item
	len   int
}

// Len returns the number of items.
func (r *Ring[T]) Len() int { return r.len }

// At returns the item with index i; the first has index 0.
func (r *Ring[T]) At(i int) *T { return &r.items[(r.head+i)&(len(r.items)-1)] }

// Push adds v as the last item.
func (r *Ring[T]) Push(v T) {
	if r.len == len(r.items) {
		r.grow()
	}
	r.len++
	*r.At(r.len - 1) = v
}

// Pop removes the first item and returns it.
func (r *Ring[T]) Pop() T {
	var zero T
	first := r.At(0)
	v := *first
	*first = zero
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.len--
	return v
}

func (r *Ring[T]) grow() {
	items := make([]T, max(4, 2*len(r.items)))
	n := copy(items, r.items[r.head:])
	copy(items[n:], r.items[:r.head])
	r.items, r.head = items, 0
}
