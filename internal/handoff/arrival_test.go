package handoff

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
)

// While the consumer is busy, the items of several producers keep the order in
// which they arrived.
func TestArrivalWithABusyConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewByArrival[string](t.Context(), 256)
		defer q.Stop()
		every := func(d time.Duration, name string) rxsse.Observable[string] {
			return func(context.Context) iter.Seq2[string, error] {
				return func(yield func(string, error) bool) {
					for range 4 {
						time.Sleep(d)
						yield(name, nil)
					}
				}
			}
		}
		q.Go(every(2*time.Second, "a"))
		q.Go(every(3*time.Second, "b"))
		time.Sleep(time.Minute)
		got, signal := q.Receive(nil)
		require.Equal(t, Items, signal)
		want := []string{"a", "b", "a", "", "", "a", "b", "b"} // seconds 2 3 4 6 6 8 9 12
		for i := range want {
			if want[i] != "" {
				assert.Equal(t, want[i], got[i], "item %d of %v", i, got)
			}
		}
		assert.Len(t, got, len(want))
	})
}

// An item whose push has returned before another item is pushed is delivered before it,
// whatever the consumer is doing.
func TestArrivalKeepsCauseBeforeEffect(t *testing.T) {
	const producers, rounds = 3, 2_000
	q := NewByArrival[int](t.Context(), 16)
	defer q.Stop()
	var mu sync.Mutex // guards the next number and its push
	next := 0
	for range producers {
		q.Go(func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for {
					mu.Lock()
					if next == rounds {
						mu.Unlock()
						return
					}
					goOn := yield(next, nil)
					next++
					mu.Unlock()
					if !goOn {
						return
					}
				}
			}
		})
	}
	require.Equal(t, upTo(rounds), drain(q))
	require.NoError(t, q.Err())
}

// Concurrent producers lose nothing and keep their own order.
func TestArrivalUnderContention(t *testing.T) {
	const producers, items = 8, 300
	for _, limit := range []int{1, 7, 256} {
		q := NewByArrival[[2]int](t.Context(), limit)
		for i := range producers {
			q.Go(func(context.Context) iter.Seq2[[2]int, error] {
				return func(yield func([2]int, error) bool) {
					for n := range items {
						if !yield([2]int{i, n}, nil) {
							return
						}
					}
				}
			})
		}
		var seen [producers]int
		for {
			batch, signal := q.Receive(nil)
			if signal == End {
				break
			}
			require.LessOrEqual(t, len(batch), limit+producers, "each may be writing an item while a batch is taken")
			for _, item := range batch {
				require.Equal(t, seen[item[0]], item[1], "producer %d, limit %d", item[0], limit)
				seen[item[0]]++
			}
		}
		for i := range seen {
			require.Equal(t, items, seen[i], "producer %d, limit %d", i, limit)
		}
		q.Stop()
	}
}

// An item that is pushed while the consumer takes earlier ones belongs to the next batch.
func TestArrivalDuringATake(t *testing.T) {
	q := NewByArrival[int](t.Context(), 8)
	defer q.Stop()
	a, b := q.AddProducer(), q.AddProducer()
	for _, taken := range [][]*Producer[int]{{a}, {a, b}} {
		for i, p := range taken {
			require.True(t, p.Push(i))
		}
		require.True(t, q.collect())
		require.True(t, a.Push(7))
		q.takeBatch()
		assert.Equal(t, upTo(len(taken)), q.lent)
		require.True(t, b.Push(8))
		next, _ := q.Newer()
		assert.Equal(t, []int{7, 8}, next)
	}
}

// An item that its producer is writing while the consumer takes the batch with its ticket
// belongs to that batch, or comes first in the next one.
func TestArrivalOfALateItem(t *testing.T) {
	for _, beforeTheTake := range []bool{true, false} {
		q := NewByArrival[int](t.Context(), 256)
		a, b := q.AddProducer(), q.AddProducer()
		require.True(t, b.Push(0))
		late := 1
		for ; late < 20 || a.tail == a.end; late++ { // until its run has a ticket for one more
			require.True(t, a.Push(late))
		}
		require.True(t, q.collect())
		first, second := upTo(late), []int{late, late + 1, late + 2}
		if beforeTheTake {
			a.append(&late)
			first, second = upTo(late+1), second[1:]
		}
		q.takeBatch()
		assert.Equal(t, first, q.lent)
		if !beforeTheTake {
			a.append(&late)
		}
		require.True(t, b.Push(late+1))
		require.True(t, a.Push(late+2))
		got, _ := q.Newer()
		assert.Equal(t, second, got)
		_, more := q.Newer()
		assert.False(t, more)
		q.Stop()
	}
}

// All producers share the limit.
func TestArrivalLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewByArrival[int](t.Context(), 10)
		defer q.Stop()
		for range 3 {
			q.Go(counting(100, nil))
		}
		synctest.Wait()
		for range 3 {
			batch, _ := q.Receive(nil)
			assert.Len(t, batch, 10)
			synctest.Wait()
		}
	})
}

// One producer can fill the queue, even while its slots grow.
func TestArrivalLimitOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewByArrival[int](t.Context(), 256)
		defer q.Stop()
		q.Go(counting(1000, nil))
		synctest.Wait()
		batch, _ := q.Receive(nil)
		assert.Len(t, batch, 256)
	})
}

// A producer that is listed without an item may get its first ticket after the consumer has
// begun to take: its item belongs to the next batch.
func TestArrivalAfterTheListing(t *testing.T) {
	q := NewByArrival[int](t.Context(), 8)
	defer q.Stop()
	a, b := q.AddProducer(), q.AddProducer()
	require.True(t, b.Push(0))
	a.list()
	require.True(t, q.collect())
	require.True(t, a.Push(1))
	q.takeBatch()
	assert.Equal(t, []int{0}, q.lent)
	got, _ := q.Newer()
	assert.Equal(t, []int{1}, got)
}

// A producer reserves tickets in runs while no other one pushes. An item of another producer
// keeps its place between the items before and after it, and the tickets that it invalidates
// take little of the limit.
func TestArrivalRuns(t *testing.T) {
	q := NewByArrival[int](t.Context(), 256)
	defer q.Stop()
	a, b := q.AddProducer(), q.AddProducer()
	for range 3 { // a batch leaves nothing behind
		n := 0
		push := func(p *Producer[int], items int) {
			for range items {
				require.True(t, p.Push(n))
				n++
			}
		}
		push(a, 100)
		assert.Less(t, len(a.runs), 25, "runs of 100 items")
		push(b, 1)
		push(a, 60)
		push(b, 30)
		push(a, 1)
		assert.False(t, q.full(q.pushed.Load()))
		got, _ := q.Newer()
		require.Equal(t, upTo(n), got)
	}
}

// A producer waits in the middle of a run once the queue holds as many bytes as it may.
func TestArrivalRunCountsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewByArrival[string](t.Context(), 256)
		defer q.Stop()
		large := strings.Repeat("x", MaxBytes/2)
		q.Go(func(context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for range 80 {
					yield("", nil)
				}
				for yield(large, nil) {
				}
			}
		})
		synctest.Wait()
		got, _ := q.Newer()
		assert.Len(t, got, 80+2)
	})
}

// Items before a failure are delivered, and nothing starts after it.
func TestNothingStartsAfterAFailure(t *testing.T) {
	errLost := errors.New("lost")
	synctest.Test(t, func(t *testing.T) {
		q := NewByArrival[int](t.Context(), 10)
		defer q.Stop()
		q.Go(counting(3, func(yield func(int, error) bool) { yield(0, errLost) }))
		synctest.Wait()
		assert.False(t, q.Go(counting(1, func(func(int, error) bool) { t.Error("started") })))
		assert.Equal(t, upTo(3), drain(q))
		assert.Equal(t, errLost, q.Err())
	})
}
