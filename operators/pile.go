package operators

// chunkSize is the number of items in a chunk of a pile.
const chunkSize = 512

// A pile gathers items of which nobody knows how many there will be. It copies
// none of them again as it grows, and is used again for the next window, so that
// a window costs one allocation, of its own length.
type pile[T any] struct {
	chunks [][]T // full ones, the last in use, empty ones
	len    int
}

// add puts items on the pile.
func (p *pile[T]) add(items []T) {
	for len(items) > 0 {
		i := p.len / chunkSize
		if i == len(p.chunks) {
			p.chunks = append(p.chunks, p.newChunk())
		}
		room := chunkSize - len(p.chunks[i])
		n := min(room, len(items))
		p.chunks[i] = append(p.chunks[i], items[:n]...)
		p.len += n
		items = items[n:]
	}
}

// newChunk returns a chunk to put on the pile: the first one grows as it is
// needed, since most piles are small.
func (p *pile[T]) newChunk() []T {
	if len(p.chunks) == 0 {
		return nil
	}
	return make([]T, 0, chunkSize)
}

// items returns a copy of the items, of their own length.
func (p *pile[T]) items() []T {
	items := make([]T, 0, p.len)
	for _, chunk := range p.chunks[:p.used()] {
		items = append(items, chunk...)
	}
	return items
}

// empty forgets the items. It keeps the chunks that were in use for the next
// ones, at least half of all so that piles of varying length do not allocate over
// and over.
func (p *pile[T]) empty() {
	used := p.used()
	kept := max(used, len(p.chunks)/2)
	clear(p.chunks[kept:])
	p.chunks = p.chunks[:kept]
	for i, chunk := range p.chunks[:used] {
		clear(chunk)
		p.chunks[i] = chunk[:0]
	}
	p.len = 0
}

// used returns the number of chunks that hold items.
func (p *pile[T]) used() int { return (p.len + chunkSize - 1) / chunkSize }
