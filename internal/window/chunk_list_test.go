package window

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestChunkList(t *testing.T) {
	var p ChunkList[*int]
	for _, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize + 7, 2} {
		var want []*int
		for want = make([]*int, 0, size); len(want) < size; {
			piece := make([]*int, min(size-len(want), 1+len(want)/2))
			for i := range piece {
				piece[i] = new(int)
			}
			p.Add(piece)
			want = append(want, piece...)
		}
		assert.Equal(t, size, p.len)
		before := len(p.chunks)
		got := p.Items()
		assert.Equal(t, want, p.Items(), "once more")
		p.reset()
		assert.Equal(t, want, got)
		assert.Len(t, got, cap(got), "allocated at its length")
		assert.Zero(t, p.len)
		used := (size + chunkSize - 1) / chunkSize
		assert.Len(t, p.chunks, max(used, before/2), "chunks kept")
		for _, chunk := range p.chunks {
			for _, item := range chunk[:cap(chunk)] {
				assert.Nil(t, item, "an item kept alive")
			}
		}
	}
}
