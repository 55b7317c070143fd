package rxro_test

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/samber/ro"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	var ctx context.Context
	got, err := sink.Collect(t.Context(), rxro.From(ro.NewObservableWithContext(func(c context.Context, destination ro.Observer[int]) ro.Teardown {
		ctx = c
		destination.NextWithContext(c, 1)
		destination.CompleteWithContext(c)
		return nil
	})))
	require.NoError(t, err)
	assert.Equal(t, []int{1}, got)
	assert.ErrorIs(t, ctx.Err(), context.Canceled)
}

// The context that ToRo gives to a stream ends with the subscription.
func TestContextEndsWithTheSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ctx context.Context
		src := func(c context.Context) iter.Seq2[int, error] {
			ctx = c
			return func(yield func(int, error) bool) { yield(1, nil) }
		}
		completed := false
		rxro.ToRo(src).Subscribe(ro.NewObserver(func(int) {}, func(error) {}, func() { completed = true }))
		synctest.Wait()
		assert.True(t, completed)
		assert.ErrorIs(t, ctx.Err(), context.Canceled)
	})
}
