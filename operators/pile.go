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

// take returns the items and empties the pile. It keeps the chunks that were in
// use for the next items, at least half of all so that piles of varying length do
// not allocate over and over, and keeps none of the items.
func (p *pile[T]) take() []T {
	items := make([]T, 0, p.len)
	used := (p.len + chunkSize - 1) / chunkSize
	kept := max(used, len(p.chunks)/2)
	clear(p.chunks[kept:])
	p.chunks = p.chunks[:kept]
	for i, chunk := range p.chunks[:used] {
		items = append(items, chunk...)
		clear(chunk)
		p.chunks[i] = chunk[:0]
	}
	p.len = 0
	return items
}
