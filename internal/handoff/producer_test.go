package handoff

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// With pushes, batches and takes in any order, items leave in the order in which they
// entered, no more are queued than fit, a batch stays unchanged until the next one, and no
// taken item is kept.
func TestProducerEqualsASlice(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		limit := 1 + random.IntN(40)
		q := New[int](t.Context(), limit)
		p := q.AddProducer()
		pushed, taken := 0, 0 // the items are 1, 2, 3, …
		var batch []int
		checkBatch := func() {
			for i, v := range batch {
				if want := taken - len(batch) + 1 + i; v != want {
					t.Fatalf("seed %d: got item %d, want %d", seed, v, want)
				}
			}
		}
		for range 200 {
			switch random.IntN(4) {
			case 0:
				items := make([]int, random.IntN(limit+2))
				for i := range items {
					items[i] = pushed + 1 + i
				}
				n := p.PushBatch(items)
				require.Equal(t, min(len(items), limit-(pushed-taken)), n, "seed %d", seed)
				pushed += n
			case 1, 2:
				for range min(random.IntN(limit+1), limit-(pushed-taken)) {
					pushed++
					p.Push(pushed)
				}
				require.Equal(t, limit-(pushed-taken), p.room(), "seed %d", seed)
			case 3:
				checkBatch()
				var ok bool
				if batch, ok = q.Newer(); ok {
					taken += len(batch)
				}
				require.Equal(t, ok, len(batch) > 0)
				require.LessOrEqual(t, taken, pushed)
			}
			checkBatch()
		}
		for {
			if batch, _ = q.Newer(); len(batch) == 0 {
				break
			}
			taken += len(batch)
			checkBatch()
		}
		require.Equal(t, pushed, taken, "seed %d", seed)
		q.release()
		require.Equal(t, make(slots[int], len(p.slots)), p.slots, "seed %d", seed)
		assert.LessOrEqual(t, len(p.slots), 4*limit)
		p.Finish(Outcome{})
		q.Stop()
	}
}
