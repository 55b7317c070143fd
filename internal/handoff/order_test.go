package handoff

import (
	"context"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
)

// Without virtual time the order depends on turns of the scheduler, so it may fail on a busy
// machine. Without the turns it nearly always fails.
func TestGoInOrderInRealTime(t *testing.T) {
	inOrder := 0
	for range 200 {
		q := NewByArrival[int](t.Context(), 8)
		q.GoInOrder(counting(3, nil), counting(0, func(yield func(int, error) bool) { yield(4, nil) }))
		if slices.Equal(upTo(3), drain(q)[:3]) {
			inOrder++
		}
		q.Stop()
	}
	assert.Greater(t, inOrder, 100)
}

// In real time too, upstreams that wait have started in order.
func TestGoInOrderStartsOneAfterTheOther(t *testing.T) {
	const upstreams = 20
	inOrder := 0
	for range 50 {
		q := NewByArrival[int](t.Context(), 8)
		var mu sync.Mutex
		var started []int
		all := make(chan struct{}) // closed when all have started
		var srcs []rxsse.Observable[int]
		for i := range upstreams {
			srcs = append(srcs, func(context.Context) iter.Seq2[int, error] {
				mu.Lock()
				defer mu.Unlock()
				if started = append(started, i); len(started) == upstreams {
					close(all)
				}
				return func(func(int, error) bool) { <-all }
			})
		}
		q.GoInOrder(srcs...)
		assert.Empty(t, drain(q))
		q.Stop()
		if slices.Equal(upTo(upstreams), started) {
			inOrder++
		}
	}
	assert.Greater(t, inOrder, 25)
}

// An upstream that yields before each item gets its turns for each item, even in the middle
// of a run of tickets.
func TestGoInOrderDuringARun(t *testing.T) {
	const items = 60
	inOrder := 0
	for range 50 {
		q := NewByArrival[int](t.Context(), 256)
		first := func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for i := range items {
					for range 20 {
						runtime.Gosched()
					}
					yield(i, nil)
				}
			}
		}
		q.GoInOrder(first, counting(1, nil))
		q.running.Wait() // the consumer takes nothing, which would end a run
		if slices.Equal(upTo(items), drain(q)[:items]) {
			inOrder++
		}
		q.Stop()
	}
	assert.Greater(t, inOrder, 25)
}

// Upstreams start in order: one that delivers without waiting has ended before the
// next one starts, and one that waits does not hold up the next.
func TestGoInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := func(first, n int, wait time.Duration) rxsse.Observable[int] {
			return func(context.Context) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					for i := range n {
						for range rand.IntN(10) {
							go func() {}() // let others run
						}
						if !yield(first+i, nil) {
							return
						}
						time.Sleep(wait)
					}
				}
			}
		}
		for range 20 {
			q := NewByArrival[int](t.Context(), 8)
			q.GoInOrder(at(0, 100, 0), at(100, 1, time.Second), at(101, 1, 0), at(102, 300, 0))
			require.Equal(t, upTo(402), drain(q))
			q.Stop()
		}
	})
}
