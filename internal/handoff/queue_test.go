package handoff

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counting delivers 0, 1, 2, … up to n items and then calls end.
func counting(n int, end func(yield func(int, error) bool)) rxsse.Observable[int] {
	return func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			if end != nil {
				end(yield)
			}
		}
	}
}

// drain receives until the end and returns all items.
func drain(q *Queue[int]) (items []int) {
	for {
		batch, signal := q.Receive(nil)
		if signal == End {
			return items
		}
		items = append(items, batch...)
	}
}

func upTo(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	return items
}

func TestItemsArriveOnceAndInOrder(t *testing.T) {
	for _, limit := range []int{1, 2, 7, 256, 100_000} {
		q := New[int](t.Context(), limit)
		q.Go(counting(10_000, nil))
		require.Equal(t, upTo(10_000), drain(q), "limit %d", limit)
		require.NoError(t, q.Err())
		q.Stop()
	}
}

func TestFailureComesAfterTheItemsBeforeIt(t *testing.T) {
	errLost := errors.New("lost")
	q := New[int](t.Context(), 16)
	defer q.Stop()
	q.Go(counting(100, func(yield func(int, error) bool) { yield(0, errLost) }))
	assert.Equal(t, upTo(100), drain(q))
	assert.Equal(t, errLost, q.Err())
}

func TestPanicComesAfterTheItemsBeforeIt(t *testing.T) {
	q := New[int](t.Context(), 16)
	q.Go(counting(100, func(func(int, error) bool) { explode("boom") }))
	var items []int
	func() {
		defer func() {
			carried, ok := recover().(*rxsse.PanicError)
			require.True(t, ok)
			assert.Equal(t, "boom", carried.Value)
			assert.Contains(t, string(carried.Stack), "handoff.explode", "the stack is where the panic was")
			assert.Contains(t, carried.Error(), "panic: boom")
		}()
		defer q.Stop() // does not raise it again
		for {
			batch, signal := q.Receive(nil)
			if signal == End {
				break
			}
			items = append(items, batch...)
		}
	}()
	assert.Equal(t, upTo(100), items)
}

func explode(v any) { panic(v) }

// A panic that crosses two queues keeps the stack of the first.
func TestPanicIsCarriedOnce(t *testing.T) {
	inner := func(ctx context.Context) iter.Seq2[int, error] {
		return func(func(int, error) bool) {
			q := New[int](ctx, 1)
			defer q.Stop()
			q.Go(counting(0, func(func(int, error) bool) { explode(errors.ErrUnsupported) }))
			drain(q)
		}
	}
	q := New[int](t.Context(), 1)
	defer func() {
		carried, ok := recover().(*rxsse.PanicError)
		require.True(t, ok)
		assert.Equal(t, errors.ErrUnsupported, carried.Value)
		assert.ErrorIs(t, carried, errors.ErrUnsupported, "a value that is an error can be found")
		assert.Contains(t, string(carried.Stack), "handoff.explode")
	}()
	defer q.Stop()
	q.Go(inner)
	drain(q)
}

func TestStopRaisesAPanicNobodyReceived(t *testing.T) {
	q := New[int](t.Context(), 1)
	q.Go(counting(0, func(func(int, error) bool) { explode("unseen") }))
	assert.Panics(t, q.Stop)
	assert.NotPanics(t, q.Stop, "a second time")
}

// A panic of an upstream that ends because another one has failed is raised instead of the
// error.
func TestPanicAfterAFailureIsNotLost(t *testing.T) {
	q := New[int](t.Context(), 8)
	q.Go(func(ctx context.Context) iter.Seq2[int, error] {
		return func(func(int, error) bool) {
			<-ctx.Done()
			panic("boom")
		}
	})
	q.Go(counting(0, func(yield func(int, error) bool) { yield(0, errors.New("lost")) }))
	defer func() {
		if p, ok := recover().(*rxsse.PanicError); assert.True(t, ok, "a panic") {
			assert.Equal(t, "boom", p.Value)
		}
	}()
	q.running.Wait() // both have ended
	drain(q)
}

// [testing.T.FailNow] in a function given to an operator ends its goroutine with
// Goexit, which has to end the consumer's too, or it would wait forever.
func TestGoexitIsCarried(t *testing.T) {
	done := make(chan bool, 1)
	go func() {
		q := New[int](t.Context(), 1)
		defer close(done)
		defer q.Stop()
		q.Go(counting(0, func(func(int, error) bool) { runtime.Goexit() }))
		drain(q)
		done <- true
	}()
	assert.False(t, <-done, "Receive must not return")
}

func TestReceiveReturnsTheCauseOfCancellation(t *testing.T) {
	errGone := errors.New("gone")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		q := New[int](ctx, 4)
		defer q.Stop()
		q.Go(counting(3, func(func(int, error) bool) { <-ctx.Done() }))
		synctest.Wait()
		assert.False(t, q.Cancelled())
		cancel(errGone)
		assert.True(t, q.Cancelled())
		_, signal := q.Receive(nil)
		assert.Equal(t, End, signal, "what was queued is dropped")
		assert.Equal(t, errGone, q.Err())
	})
}

func TestReceiveTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](t.Context(), 4)
		defer q.Stop()
		q.Go(func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				time.Sleep(5 * time.Second)
				yield(7, nil)
				<-ctx.Done()
			}
		})
		start := time.Now()
		timer := time.NewTimer(3 * time.Second)
		_, signal := q.Receive(timer.C)
		assert.Equal(t, Tick, signal)
		assert.Equal(t, 3*time.Second, time.Since(start))
		batch, signal := q.Receive(nil)
		assert.Equal(t, Items, signal)
		assert.Equal(t, []int{7}, batch)
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestProducersWaitWhileTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		produced := 0
		q := New[int](t.Context(), 10)
		defer q.Stop()
		q.Go(func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for yield(produced, nil) {
					produced++
				}
			}
		})
		synctest.Wait()
		assert.Equal(t, 10, produced)
		batch, _ := q.Receive(nil)
		assert.Len(t, batch, 10)
		synctest.Wait()
		assert.Equal(t, 20, produced, "one batch with the consumer, one queued")
	})
}

func TestLatestKeepsTheNewestAndNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewOverflowing[int](t.Context(), 1, Overflow{Policy: Latest})
		defer q.Stop()
		q.Go(counting(1000, nil))
		synctest.Wait()
		batch, signal := q.Receive(nil)
		assert.Equal(t, Items, signal)
		assert.Equal(t, []int{999}, batch)
		_, signal = q.Receive(nil)
		assert.Equal(t, End, signal)
	})
}

func TestFailureEndsTheOtherUpstreamsAtOnce(t *testing.T) {
	errLost := errors.New("lost")
	synctest.Test(t, func(t *testing.T) {
		q := New[int](t.Context(), 1)
		defer q.Stop()
		var ended atomic.Int32
		q.Go(func(ctx context.Context) iter.Seq2[int, error] { // silent
			return func(func(int, error) bool) { <-ctx.Done(); ended.Add(1) }
		})
		q.Go(func(context.Context) iter.Seq2[int, error] { // held up by the full queue
			return func(yield func(int, error) bool) {
				for yield(1, nil) {
				}
				ended.Add(1)
			}
		})
		synctest.Wait()
		q.Go(counting(0, func(yield func(int, error) bool) { yield(0, errLost) }))
		synctest.Wait()
		assert.EqualValues(t, 2, ended.Load(), "upstreams that have ended")
		assert.Equal(t, []int{1}, drain(q), "what came before the failure")
		assert.Equal(t, errLost, q.Err())
	})
}

// The queue must not keep delivered items alive.
func TestNothingIsKeptAlive(t *testing.T) {
	q := New[*[1 << 10]byte](t.Context(), 64)
	defer q.Stop()
	var mu sync.Mutex
	collected := 0
	hold := make(chan struct{})
	q.Go(func(context.Context) iter.Seq2[*[1 << 10]byte, error] {
		return func(yield func(*[1 << 10]byte, error) bool) {
			for range 64 {
				item := new([1 << 10]byte)
				runtime.AddCleanup(item, func(int) { mu.Lock(); collected++; mu.Unlock() }, 0)
				yield(item, nil)
			}
			<-hold
		}
	})
	for received := 0; received < 64; {
		batch, _ := q.Receive(nil)
		received += len(batch)
	}
	expired := time.NewTimer(0)
	_, signal := q.Receive(expired.C)
	require.Equal(t, Tick, signal)
	require.Eventually(t, func() bool {
		runtime.GC()
		mu.Lock()
		defer mu.Unlock()
		return collected >= 63 // the producer's frame may hold the last one
	}, 10*time.Second, time.Millisecond)
	close(hold)
}

// AskAgain also reaches a consumer that has just called its idle function and does not wait
// yet: here it is called at that moment.
func TestAskAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewDetached[int](8)
		p := q.AddProducer()
		idle := 0
		q.OnIdle(func() {
			if idle++; idle == 1 {
				p.AskAgain()
			}
		})
		q.Attach(t.Context())
		go q.Receive(nil)
		synctest.Wait()
		assert.Equal(t, 2, idle)
		p.AskAgain()
		synctest.Wait()
		assert.Equal(t, 3, idle, "while it waits")
		p.Finish(Outcome{})
		synctest.Wait()
		q.Stop()
	})
}

// An upstream that ends while the consumer waits does not end the wait for the others.
func TestOneOfTwoUpstreamsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](t.Context(), 8)
		defer q.Stop()
		q.Go(counting(0, func(func(int, error) bool) { time.Sleep(time.Second) }))
		q.Go(counting(0, func(yield func(int, error) bool) {
			time.Sleep(2 * time.Second)
			yield(7, nil)
		}))
		assert.Equal(t, []int{7}, drain(q))
		require.NoError(t, q.Err())
	})
}

// PushBatch queues as many items as there is room for, and takes all once nothing is wanted.
func TestPushBatch(t *testing.T) {
	q := New[int](t.Context(), 4)
	p := q.AddProducer()
	assert.Equal(t, 0, p.PushBatch(nil))
	expired := make(chan time.Time)
	close(expired)
	_, signal := q.Receive(expired)
	assert.Equal(t, Tick, signal, "a batch without an item does not end the wait")
	assert.Equal(t, 3, p.PushBatch([]int{0, 1, 2}))
	assert.Equal(t, 1, p.PushBatch([]int{3, 4, 5}))
	assert.Equal(t, 0, p.PushBatch([]int{4, 5}))
	items, _ := q.Receive(nil)
	assert.Equal(t, upTo(4), items)
	assert.Equal(t, 2, p.PushBatch([]int{4, 5}))
	q.Stop()
	assert.Equal(t, 5, p.PushBatch(make([]int, 5)), "they are dropped")
}

// WaitForRoom ends with the room, the queue, the timer or done, whichever is first.
func TestWaitForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](t.Context(), 1)
		p := q.AddProducer()
		assert.True(t, p.WaitForRoom(nil, nil), "there is room")
		require.True(t, p.Push(1))
		start := time.Now()
		assert.False(t, p.WaitForRoom(time.After(time.Second), nil), "the timer")
		done, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.False(t, p.WaitForRoom(nil, done.Done()), "done")
		time.AfterFunc(time.Second, func() { q.Receive(nil) })
		assert.True(t, p.WaitForRoom(nil, nil), "the consumer took the item")
		require.True(t, p.Push(2))
		time.AfterFunc(time.Second, q.Stop)
		assert.True(t, p.WaitForRoom(nil, nil), "nothing more is wanted")
		assert.Equal(t, 4*time.Second, time.Since(start))
		assert.False(t, p.Push(3))
	})
}

func TestOutcomeWithoutError(t *testing.T) {
	assert.True(t, Failed(errors.New("lost")).WithoutError().Completed())
	assert.True(t, Outcome{goexit: true}.WithoutError().Raises())
}

func TestIfEmpty(t *testing.T) {
	q := NewDetached[int](8)
	p := q.AddProducer()
	calls := 0
	p.IfEmpty(func() { calls++ })
	assert.Equal(t, 1, calls)
	require.True(t, p.Push(1))
	p.IfEmpty(func() { calls++ })
	assert.Equal(t, 1, calls, "an item is queued")
}
