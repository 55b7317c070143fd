package handoff

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Items leave in the order in which they entered, however many wait, and the memory is that
// of the largest number that ever waited.
func TestRing(t *testing.T) {
	const most = 100
	var r Ring[int]
	in, out := 0, 0
	for round := range 50 {
		for r.Len() < most {
			in++
			r.Push(in)
		}
		require.Equal(t, in-r.Len()+1, *r.At(0))
		require.Equal(t, in, *r.At(r.Len() - 1))
		for leave := round % 7 * 10; r.Len() > leave; {
			out++
			require.Equal(t, out, r.Pop())
		}
	}
	assert.Less(t, len(r.items), 2*most)
	for r.Len() > 0 {
		r.Pop()
	}
	for _, v := range r.items {
		assert.Zero(t, v, "a removed item is not kept alive")
	}
}
