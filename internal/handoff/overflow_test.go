package handoff

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of ten items that are not taken, a queue of three keeps these.
func TestOverflow(t *testing.T) {
	errFull := errors.New("full")
	for _, c := range []struct {
		name    string
		policy  Policy
		want    []int
		dropped int64
		err     error
	}{
		{"drop the oldest", DropOldest, []int{7, 8, 9}, 7, nil},
		{"drop the newest", DropNewest, []int{0, 1, 2}, 7, nil},
		{"latest", Latest, []int{9}, 9, nil},
		{"replace the newest", ReplaceNewest, []int{0, 1, 9}, 7, nil},
		{"fail", Fail, []int{0, 1, 2}, 0, errFull},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dropped atomic.Int64
				q := NewOverflowing[int](t.Context(), 3, Overflow{Policy: c.policy, Dropped: &dropped, Err: errFull})
				defer q.Stop()
				q.Go(counting(10, nil))
				synctest.Wait()
				batch, signal := q.Receive(nil)
				require.Equal(t, Items, signal)
				assert.Len(t, batch, 1, "one item at a time, or the limit would not be exact")
				first := batch[0]
				assert.Equal(t, c.want, append([]int{first}, drain(q)...))
				assert.Equal(t, c.err, q.Err())
				assert.Equal(t, c.dropped, dropped.Load())
			})
		})
	}
}

// A queue that is always nearly full reuses the room of taken items.
func TestOverflowingQueueDoesNotGrow(t *testing.T) {
	const limit = 100
	q := NewOverflowing[int](t.Context(), limit, Overflow{Policy: Fail})
	defer q.Stop()
	p := q.AddProducer()
	for i := range 100_000 {
		require.True(t, p.Push(i))
		if i >= limit-1 {
			batch, _ := q.Receive(nil)
			require.Equal(t, []int{i - limit + 1}, batch)
		}
	}
	assert.LessOrEqual(t, len(p.slots), 4*limit)
	p.Finish(Outcome{})
}

// An upstream that runs elsewhere works like any other.
func TestUpstreamElsewhere(t *testing.T) {
	errLost := errors.New("lost")
	q := New[int](t.Context(), 8)
	defer q.Stop()
	p := q.AddProducer()
	assert.True(t, p.Push(1))
	Run(t.Context(), counting(2, func(yield func(int, error) bool) { yield(0, errLost) }), p.Push, p.Finish)
	assert.False(t, p.Push(2), "nothing follows a failure")
	assert.Equal(t, []int{1, 0, 1}, drain(q))
	assert.Equal(t, errLost, q.Err())
}
