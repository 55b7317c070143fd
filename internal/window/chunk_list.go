package window

import "github.com/go-json-experiment/json"

// chunkSize is the number of items in a chunk.
const chunkSize = 512

// A ChunkList collects an unknown number of items. It does not copy them as it grows, and is
// reused for the next window, so a window costs one allocation, of its exact length.
type ChunkList[T any] struct {
	chunks [][]T // full ones, then the one in use, then empty ones
	len    int
}

// Add appends items.
func (l *ChunkList[T]) Add(items []T) {
	for len(items) > 0 {
		i := l.len / chunkSize
		if i == len(l.chunks) {
			l.chunks = append(l.chunks, l.newChunk())
		}
		room := chunkSize - len(l.chunks[i])
		n := min(room, len(items))
		l.chunks[i] = append(l.chunks[i], items[:n]...)
		l.len += n
		items = items[n:]
	}
}

// newChunk returns a chunk to append. The first one grows as needed, since most lists are
// short.
func (l *ChunkList[T]) newChunk() []T {
	if len(l.chunks) == 0 {
		return nil
	}
	return make([]T, 0, chunkSize)
}

// Items returns a copy of the items without spare capacity.
func (l *ChunkList[T]) Items() []T {
	items := make([]T, 0, l.len)
	for _, chunk := range l.chunks[:l.used()] {
		items = append(items, chunk...)
	}
	return items
}

// reset removes the items. It keeps the chunks that were in use, and at least half of all,
// so that lists of varying length do not keep allocating.
func (l *ChunkList[T]) reset() {
	used := l.used()
	kept := max(used, len(l.chunks)/2)
	clear(l.chunks[kept:])
	l.chunks = l.chunks[:kept]
	for i, chunk := range l.chunks[:used] {
		clear(chunk)
		l.chunks[i] = chunk[:0]
	}
	l.len = 0
}

// used returns the number of chunks that hold items.
func (l *ChunkList[T]) used() int { return (l.len + chunkSize - 1) / chunkSize }

// MarshalJSON encodes the items as an array.
func (l *ChunkList[T]) MarshalJSON() ([]byte, error) { return json.Marshal(l.Items(), stateFormat) }

// UnmarshalJSON appends the items of an array.
func (l *ChunkList[T]) UnmarshalJSON(data []byte) error {
	var items []T
	err := json.Unmarshal(data, &items, stateFormat)
	l.Add(items)
	return err
}
