package handoff

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pairs receives from a group of two queues until the end.
func pairs(g *Group, a, b *Queue[int]) (got [][2]int) {
	for {
		n, signal := g.Receive()
		if signal == End {
			return got
		}
		itemsB := b.Received(n)
		for i, v := range a.Received(n) {
			got = append(got, [2]int{v, itemsB[i]})
		}
	}
}

func TestGroupReceivesAsManyFromEach(t *testing.T) {
	for _, limit := range []int{1, 7, 128} {
		g := NewGroup(t.Context())
		a, b := AddQueue[int](g, limit), AddQueue[int](g, limit)
		a.Go(counting(10_000, nil))
		b.Go(counting(9_999, nil))
		got := pairs(g, a, b)
		g.Stop()
		require.Len(t, got, 9_999)
		for i := range got {
			require.Equal(t, [2]int{i, i}, got[i])
		}
		require.NoError(t, g.Err())
	}
}

func TestGroupOfOneQueueOrNone(t *testing.T) {
	g := NewGroup(t.Context())
	q := AddQueue[int](g, 8)
	q.Go(counting(3, nil))
	defer g.Stop()
	var got []int
	for {
		n, signal := g.Receive()
		if signal == End {
			break
		}
		got = append(got, q.Received(n)...)
	}
	assert.Equal(t, upTo(3), got)

	none := NewGroup(t.Context())
	defer none.Stop()
	_, signal := none.Receive()
	assert.Equal(t, End, signal)
	assert.NoError(t, none.Err())
}

// A group ends when an upstream has completed and its items are received, even if another
// one is silent or fails later.
func TestGroupEndsWithTheShortest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup(t.Context())
		defer g.Stop()
		a, b := AddQueue[int](g, 8), AddQueue[int](g, 8)
		a.Go(counting(2, nil))
		b.Go(counting(1, func(yield func(int, error) bool) {
			time.Sleep(time.Second)
			yield(7, nil)
			time.Sleep(time.Second)
			yield(0, errors.New("too late"))
		}))
		start := time.Now()
		assert.Equal(t, [][2]int{{0, 0}, {1, 7}}, pairs(g, a, b))
		require.NoError(t, g.Err())
		assert.Equal(t, time.Second, time.Since(start))
	})
}

// A group waits for an item even if a producer is listed without one: it listed itself for
// an item that was already taken.
func TestGroupWaitsForItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup(t.Context())
		defer g.Stop()
		a, b := AddQueue[int](g, 8), AddQueue[int](g, 8)
		first, second := a.AddProducer(), b.AddProducer()
		require.True(t, first.Push(1))
		second.list()
		time.AfterFunc(time.Second, func() { second.Push(2) })
		start := time.Now()
		n, signal := g.Receive()
		require.Equal(t, Items, signal)
		require.Equal(t, 1, n)
		assert.Equal(t, []int{2}, b.Received(n))
		assert.Equal(t, time.Second, time.Since(start))
		first.Finish(Outcome{})
		second.Finish(Outcome{})
	})
}

// A failure follows the items that can be received, and ends the other upstreams at once.
func TestGroupFails(t *testing.T) {
	errLost := errors.New("lost")
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup(t.Context())
		defer g.Stop()
		a, b := AddQueue[int](g, 8), AddQueue[int](g, 8)
		var ended atomic.Bool
		a.Go(counting(5, func(yield func(int, error) bool) {
			time.Sleep(time.Second)
			yield(0, errLost)
		}))
		b.Go(func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				yield(0, nil)
				yield(1, nil)
				<-ctx.Done()
				ended.Store(true)
			}
		})
		time.Sleep(2 * time.Second)
		assert.True(t, ended.Load())
		assert.Equal(t, [][2]int{{0, 0}, {1, 1}}, pairs(g, a, b))
		assert.Equal(t, errLost, g.Err())
	})
}

// Items of a queue that has some left do not wake a consumer that waits for another.
func TestGroupIsWokenByWhatItLacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup(t.Context())
		defer g.Stop()
		a, b := AddQueue[int](g, 2), AddQueue[int](g, 2)
		p, q := a.AddProducer(), b.AddProducer()
		received := make(chan int, 1)
		p.Push(1)
		go func() {
			n, _ := g.Receive()
			received <- n
		}()
		synctest.Wait()
		p.Push(2)
		synctest.Wait()
		g.mu.Lock()
		assert.True(t, g.waiting, "it sleeps on")
		g.mu.Unlock()
		q.Push(1)
		assert.Equal(t, 1, <-received)
	})
}

// A panic is raised once the items before it were received, not only by Stop.
func TestGroupRaisesAPanic(t *testing.T) {
	g := NewGroup(t.Context())
	a, b := AddQueue[int](g, 8), AddQueue[int](g, 8)
	a.Go(counting(3, func(func(int, error) bool) { panic("boom") }))
	b.Go(counting(2, func(yield func(int, error) bool) { <-g.stop }))
	assert.Panics(t, func() { pairs(g, a, b) })
	assert.NotPanics(t, g.Stop, "it is raised once")
}

func TestGroupIsCancelled(t *testing.T) {
	errGone := errors.New("gone")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		g := NewGroup(ctx)
		defer g.Stop()
		AddQueue[int](g, 2).AddProducer().Push(1)
		AddQueue[int](g, 2).AddProducer()
		time.AfterFunc(time.Second, func() { cancel(errGone) })
		_, signal := g.Receive()
		assert.Equal(t, End, signal)
		assert.Equal(t, errGone, g.Err())
	})
}

// Producers that wait for room are woken in turn, and none is forgotten.
func TestBlockedProducersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewByArrival[int](t.Context(), 1)
		defer q.Stop()
		for i := range 3 {
			q.Go(func(context.Context) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					time.Sleep(time.Duration(i) * time.Millisecond)
					for yield(i, nil) {
					}
				}
			})
		}
		time.Sleep(time.Second)
		var got []int
		for range 9 {
			batch, _ := q.Receive(nil)
			got = append(got, batch...)
			synctest.Wait()
		}
		assert.Equal(t, []int{0, 0, 1, 2, 0, 1, 2, 0, 1}, got)
	})
}
