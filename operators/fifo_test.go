package operators

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Items leave in the order they came in, whatever waits between, and the memory is
// that of the most that ever waited.
func TestFIFO(t *testing.T) {
	const most = 100
	var q fifo[int]
	in, out := 0, 0
	for round := range 50 {
		for q.len() < most {
			q.push(in)
			in++
		}
		for leave := round % 7 * 10; q.len() > leave; {
			require.Equal(t, out, q.pop())
			out++
		}
	}
	assert.LessOrEqual(t, cap(q.items), 4*most)
	for _, v := range q.items[:q.head] {
		assert.Zero(t, v, "what has left is not kept alive")
	}
}
