package rxro_test

import (
	"context"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/ro"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/lifetime"
	"github.com/rxsse/rxsse/rxro"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A library may subscribe to a stream below it when the range above has ended. It gets an
// error: nothing would end that subscription.
func TestSubscribedToAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, life := lifetime.New(t.Context(), t.Context())
		life.Stop(context.Canceled)
		var late error
		rxro.ToRo(source.Just(2)).SubscribeWithContext(ctx, ro.NewObserver(
			func(int) { t.Error("an item was delivered") },
			func(err error) { late = err },
			func() { t.Error("the subscription completed") },
		))
		synctest.Wait()
		assert.ErrorIs(t, late, context.Canceled)
	})
}

// The context that From gives to ro ends with the range.
func TestContextEndsWithTheRange(t *testing.T) {
	given := make(chan context.Context, 1)
	got, err := sink.Collect(t.Context(), rxro.From(ro.NewObservableWithContext(func(c context.Context, destination ro.Observer[int]) ro.Teardown {
		given <- c
		destination.NextWithContext(c, 1)
		destination.CompleteWithContext(c)
		return nil
	})))
	require.NoError(t, err)
	assert.Equal(t, []int{1}, got)
	assert.ErrorIs(t, (<-given).Err(), context.Canceled)
}

// The context that ToRo gives to a stream ends with the subscription.
func TestContextEndsWithTheSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given := make(chan context.Context, 1)
		src := func(c context.Context) iter.Seq2[int, error] {
			given <- c
			return func(yield func(int, error) bool) { yield(1, nil) }
		}
		completed := false
		rxro.ToRo(src).Subscribe(ro.NewObserver(func(int) {}, func(error) {}, func() { completed = true }))
		synctest.Wait()
		assert.True(t, completed)
		assert.ErrorIs(t, (<-given).Err(), context.Canceled)
	})
}

// subscribing is an observable of ro as another library could write one.
type subscribing struct {
	ro.Observable[int]

	subscribe func(ctx context.Context, destination ro.Observer[int]) ro.Subscription
}

func (s subscribing) SubscribeWithContext(ctx context.Context, destination ro.Observer[int]) ro.Subscription {
	return s.subscribe(ctx, destination)
}

// The range does not wait for a Subscribe that takes long, but what it returns is ended.
func TestSubscribeReturnsAfterTheRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var unsubscribed atomic.Bool
		late := subscribing{subscribe: func(context.Context, ro.Observer[int]) ro.Subscription {
			time.Sleep(time.Second)
			return ro.NewSubscription(func() { unsubscribed.Store(true) })
		}}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, errBoom)
		defer cancel()
		start := time.Now()
		_, err := sink.Collect(ctx, rxro.From(late))
		require.ErrorIs(t, err, errBoom)
		assert.Equal(t, 110*time.Millisecond, time.Since(start))
		assert.False(t, unsubscribed.Load())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.True(t, unsubscribed.Load())
	})
}

func TestSubscribePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			panicked, ok := recover().(*rxsse.PanicError)
			require.True(t, ok)
			assert.Equal(t, "boom", panicked.Value)
		}()
		_, _ = sink.Collect(t.Context(), rxro.From(subscribing{subscribe: func(context.Context, ro.Observer[int]) ro.Subscription { panic("boom") }}))
	})
}

// Observables of ro ask the observer how it has ended.
func TestObserverTellsHowItEnded(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(ro.Observer[int])
		want []bool // closed, failed, completed
	}{
		"open":      {func(o ro.Observer[int]) { o.Next(1) }, []bool{false, false, false}},
		"failed":    {func(o ro.Observer[int]) { o.Error(errBoom) }, []bool{true, true, false}},
		"completed": {func(o ro.Observer[int]) { o.Complete() }, []bool{true, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []bool
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				_, _ = sink.Collect(ctx, rxro.From(subscribing{subscribe: func(_ context.Context, o ro.Observer[int]) ro.Subscription {
					c.end(o)
					got = []bool{o.IsClosed(), o.HasThrown(), o.IsCompleted()}
					cancel()
					return nil
				}}))
				assert.Equal(t, c.want, got)
			})
		})
	}
}

// If ro has ended by itself, the range waits for the streams below that it is about to stop.
func TestStreamsBelowEndBeforeTheRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		src := rxro.ToRo(func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for yield(1, nil) {
				}
				time.Sleep(20 * time.Millisecond)
				ended = true
			}
		})
		first := ro.NewObservableWithContext(func(ctx context.Context, destination ro.Observer[int]) ro.Teardown {
			sub := src.SubscribeWithContext(ctx, ro.NewObserver(func(v int) {
				destination.Next(v)
				destination.Complete()
			}, destination.Error, destination.Complete))
			return func() {
				time.Sleep(10 * time.Millisecond) // the range has seen the completion by now
				sub.Unsubscribe()
			}
		})
		got, err := sink.Collect(t.Context(), rxro.From(first))
		require.NoError(t, err)
		assert.Equal(t, []int{1}, got)
		assert.True(t, ended)
	})
}
