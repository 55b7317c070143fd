package handoff

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// push pushes an item as the stream's goroutine does.
func push[T any](mu *sync.Mutex, f *Multicast[T], v T) {
	mu.Lock()
	defer mu.Unlock()
	f.WaitForRoom()
	f.Push(v)
}

// While its consumer is busy, a multicast holds items back and passes them on when the
// consumer asks; held items take up room.
func TestMulticastHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		f := NewMulticast[int](&mu, Block)
		q := New[int](t.Context(), 4)
		defer q.Stop()
		mu.Lock()
		f.Add(q)
		mu.Unlock()
		var pushed []time.Duration
		start := time.Now()
		go func() {
			for i := range 9 {
				push(&mu, f, i)
				pushed = append(pushed, time.Since(start))
			}
			mu.Lock()
			f.Finish(Outcome{})
			mu.Unlock()
		}()
		for _, want := range [][]int{{0, 1, 2, 3}, {4, 5, 6, 7}, {8}} {
			time.Sleep(time.Second)
			got, signal := q.Receive(nil)
			require.Equal(t, Items, signal)
			assert.Equal(t, want, got)
		}
		_, signal := q.Receive(nil)
		assert.Equal(t, End, signal)
		const s = time.Second
		assert.Equal(t, []time.Duration{0, 0, 0, 0, s, s, s, s, 2 * s}, pushed)
	})
}

// A queue that is added later can have less room than the others.
func TestMulticastMeasuresANewQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		f := NewMulticast[int](&mu, Block)
		large, small := New[int](t.Context(), 64), New[int](t.Context(), 1)
		defer large.Stop()
		mu.Lock()
		f.Add(large)
		mu.Unlock()
		push(&mu, f, 0)
		mu.Lock()
		f.Add(small)
		mu.Unlock()
		go func() {
			push(&mu, f, 1)
			push(&mu, f, 2)
		}()
		synctest.Wait()
		got, _ := small.Receive(nil)
		assert.Equal(t, []int{1}, got)
		small.Stop()
		synctest.Wait()
	})
}

// A waiting consumer gets each item at once, and then so do the others.
func TestMulticastServesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		f := NewMulticast[int](&mu, Block)
		waiting, busy := New[int](t.Context(), 4), New[int](t.Context(), 4)
		defer waiting.Stop()
		defer busy.Stop()
		mu.Lock()
		f.Add(waiting)
		f.Add(busy)
		mu.Unlock()
		for want := range 3 {
			time.AfterFunc(time.Second, func() { push(&mu, f, want) })
			start := time.Now()
			got, _ := waiting.Receive(nil)
			assert.Equal(t, []int{want}, got)
			assert.Equal(t, time.Second, time.Since(start))
		}
		got, _ := busy.Receive(nil)
		assert.Equal(t, []int{0, 1, 2}, got)
	})
}

// A multicast does not wait for a full queue that is stopped or removed.
func TestMulticastIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		f := NewMulticast[int](&mu, Block)
		slow, fast := New[int](t.Context(), 1), New[int](t.Context(), 8)
		defer fast.Stop()
		mu.Lock()
		f.Add(slow)
		f.Add(fast)
		mu.Unlock()
		push(&mu, f, 1)
		time.AfterFunc(time.Second, slow.Stop)
		start := time.Now()
		push(&mu, f, 2)
		assert.Equal(t, time.Second, time.Since(start))
		push(&mu, f, 3)
		mu.Lock()
		f.Remove(slow)
		f.Finish(Outcome{})
		mu.Unlock()
		got, _ := fast.Receive(nil)
		assert.Equal(t, []int{1, 2, 3}, got)
	})
}

// A queue that is removed gets nothing more, not even the end.
func TestMulticastRemove(t *testing.T) {
	for removed := range 2 {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			f := NewMulticast[int](&mu, Block)
			queues := []*Queue[int]{New[int](t.Context(), 8), New[int](t.Context(), 8)}
			mu.Lock()
			for _, q := range queues {
				t.Cleanup(q.Stop)
				f.Add(q)
			}
			mu.Unlock()
			push(&mu, f, 1)
			for _, q := range queues {
				got, _ := q.Receive(nil)
				assert.Equal(t, []int{1}, got)
			}
			mu.Lock()
			f.Remove(queues[removed])
			mu.Unlock()
			push(&mu, f, 2)
			mu.Lock()
			f.Finish(Outcome{})
			mu.Unlock()
			got, signal := queues[removed].Receive(time.After(time.Second))
			assert.Equal(t, Tick, signal)
			assert.Empty(t, got)
			assert.Equal(t, []int{2}, drain(queues[1-removed]))
		})
	}
}
