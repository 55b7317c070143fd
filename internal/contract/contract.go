// Package contract checks sources and operators against the Observable contract
// that package rxsse documents. Each implementation's test calls it once; it runs
// every way a stream can end (completion, error, cancellation, break, a panic in
// the consumer, a panic in a user's function, two subscriptions at once) inside a
// [testing/synctest] bubble, where "promptly" means that the fake clock stands
// still and a goroutine left behind is seen for certain.
package contract

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
)

var (
	errUpstream = errors.New("contract: the upstream failed")
	errCause    = errors.New("contract: the subscriber gave up")
)

// panicValue is what consumers and functions under check panic with.
const panicValue = "contract: panic value"

// A Source describes a source by the streams it can make. Each function is
// called in its own bubble, and a nil one skips the cases that need it.
type Source[T any] struct {
	// Finite makes a stream that delivers Want and completes.
	Finite func() rxsse.Observable[T]
	Want   []T
	// Failing makes a stream that ends with the error it is given.
	Failing func(err error) rxsse.Observable[T]
	// Endless makes a stream that delivers at least three items and does not end
	// by itself.
	Endless func() rxsse.Observable[T]
	// Silent makes a stream that delivers nothing and does not end by itself.
	Silent func() rxsse.Observable[T]
	// Panicking makes a stream in which a function of the user's panics with v.
	Panicking func(v any) rxsse.Observable[T]
}

// Check runs every case that s allows.
func (s Source[T]) Check(t *testing.T) {
	t.Helper()
	if s.Finite != nil {
		s.checkFinite(t)
	}
	if s.Failing != nil {
		bubble(t, "error", func(t *testing.T) {
			got := observe(t.Context(), t, s.Failing(errUpstream), nil)
			require.ErrorIs(t, got.err, errUpstream)
		})
	}
	if s.Endless != nil {
		checkLeaving(t, s.Endless)
	}
	if s.Silent != nil {
		checkSilent(t, s.Silent)
	}
	if s.Panicking != nil {
		bubble(t, "panic in the user's function", func(t *testing.T) {
			requirePanic(t, observe(t.Context(), t, s.Panicking(panicValue), nil))
		})
	}
}

func (s Source[T]) checkFinite(t *testing.T) {
	t.Helper()
	bubble(t, "complete", func(t *testing.T) {
		got := observe(t.Context(), t, s.Finite(), nil)
		require.NoError(t, got.err)
		require.Equal(t, s.Want, got.items)
	})
	bubble(t, "subscribed to again", func(t *testing.T) {
		obs := s.Finite()
		first := observe(t.Context(), t, obs, nil)
		second := observe(t.Context(), t, obs, nil)
		require.Equal(t, s.Want, first.items)
		require.Equal(t, s.Want, second.items)
	})
	bubble(t, "two subscriptions at once", func(t *testing.T) {
		for _, got := range observeTwice(t, s.Finite()) {
			require.NoError(t, got.err)
			require.Equal(t, s.Want, got.items)
		}
	})
	bubble(t, "cancelled before", func(t *testing.T) {
		requireCancelledBefore(t, s.Finite())
	})
}

// An Operator describes an operator by how it is applied.
type Operator[T, R any] struct {
	// Apply builds the operator on src.
	Apply func(src rxsse.Observable[T]) rxsse.Observable[R]
	// Items are what the upstream delivers, one every millisecond: at least three,
	// and such that the operator delivers at least one item for them once ten
	// seconds of silence have followed.
	Items []T
	// Panicking, where the operator takes a function, builds it with one that
	// panics with v.
	Panicking func(src rxsse.Observable[T], v any) rxsse.Observable[R]
	// EndsEarly says that the operator completes by itself, as Take does: the
	// cases in which it would have to see an upstream's later end are left out.
	EndsEarly bool
	// AtEnd says that the operator delivers only once its upstream has completed, as
	// Reduce does.
	AtEnd bool
	// HandlesErrors says that the operator may turn an error into something else.
	HandlesErrors bool
	// Shares says that subscriptions made at once share one to the upstream.
	Shares bool
}

// Check runs every case.
func (o Operator[T, R]) Check(t *testing.T) {
	t.Helper()
	require.GreaterOrEqual(t, len(o.Items), 3, "Items")

	bubble(t, "cold", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		_ = o.Apply(p.finite())(t.Context())
		require.Zero(t, p.subscribed.Load(), "subscriptions before the range")
	})
	bubble(t, "complete", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		got := observe(t.Context(), t, o.Apply(p.finite()), nil)
		require.NoError(t, got.err)
		p.requireReleased(t, 1)
	})
	bubble(t, "two subscriptions at once", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		both := observeTwice(t, o.Apply(p.finite()))
		require.NoError(t, both[0].err)
		require.NoError(t, both[1].err)
		require.Len(t, both[1].items, len(both[0].items))
		if o.Shares {
			p.requireReleased(t, 1)
		} else {
			p.requireReleased(t, 2)
		}
	})
	if !o.EndsEarly {
		o.checkFailing(t)
	}
	o.checkLeaving(t)
	if o.Panicking != nil {
		bubble(t, "panic in the user's function", func(t *testing.T) {
			p := &probe[T]{items: o.Items}
			requirePanic(t, observe(t.Context(), t, o.Panicking(p.endless(), panicValue), nil))
			p.requireReleased(t, 1)
		})
	}
	bubble(t, "cancelled at the last item", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		all := observe(t.Context(), t, o.Apply(p.finite()), nil)
		require.NoError(t, all.err)
		requireCancelledAtItem(t, o.Apply(p.finite()), len(all.items))
	})
}

func (o Operator[T, R]) checkFailing(t *testing.T) {
	t.Helper()
	if !o.HandlesErrors {
		bubble(t, "error", func(t *testing.T) {
			p := &probe[T]{items: o.Items}
			got := observe(t.Context(), t, o.Apply(p.failing(errUpstream)), nil)
			require.ErrorIs(t, got.err, errUpstream)
			p.requireReleased(t, 1)
		})
	}
	bubble(t, "panic upstream", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		requirePanic(t, observe(t.Context(), t, o.Apply(p.panicking(panicValue)), nil))
		p.requireReleased(t, 1)
	})
	bubble(t, "cancelled while the upstream is silent", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		requireCancelledLater(t, o.Apply(p.silentAfterItems()))
		p.requireReleased(t, 1)
	})
}

func (o Operator[T, R]) checkLeaving(t *testing.T) {
	t.Helper()
	var p *probe[T]
	upstream := func() rxsse.Observable[T] {
		p = &probe[T]{items: o.Items}
		if o.AtEnd {
			return p.finite()
		}
		return p.endless()
	}
	build := func() rxsse.Observable[R] { return o.Apply(upstream()) }
	for _, c := range leavingCases[R]() {
		if c.needsMore && (o.EndsEarly || o.AtEnd) {
			continue
		}
		bubble(t, c.name, func(t *testing.T) {
			c.check(t, build())
			p.requireReleased(t, 1)
		})
	}
	bubble(t, "panic upstream as it is left", func(t *testing.T) {
		obs := func(ctx context.Context) iter.Seq2[R, error] {
			return o.Apply(panickingWhenLeft(upstream(), panicValue))(ctx)
		}
		requirePanic(t, observe(t.Context(), t, obs, func(int) bool { return false }))
		p.requireReleased(t, 1)
	})
	bubble(t, "cancelled before", func(t *testing.T) {
		requireCancelledBefore(t, build())
		require.Zero(t, p.active.Load(), "upstreams still running")
	})
}

// bubble runs one case in a bubble of its own, and checks that it leaves no
// goroutine behind.
func bubble(t *testing.T, name string, check func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			before := others(t)
			check(t)
			synctest.Wait() // goroutines that are just returning
			requireNoneLeft(t, before)
		})
	})
}

func requirePanic[T any](t *testing.T, got outcome[T]) {
	t.Helper()
	if carried, ok := got.panicked.(*rxsse.PanicError); ok {
		require.Equal(t, panicValue, carried.Value)
		require.Contains(t, string(carried.Stack), "panic", "the stack of the panic")
		return
	}
	require.Equal(t, panicValue, got.panicked, "the panic must reach the consumer")
}

func requireCancelledBefore[T any](t *testing.T, obs rxsse.Observable[T]) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCause)
	start := time.Now()
	got := observe(ctx, t, obs, nil)
	require.Equal(t, errCause, got.err)
	require.Empty(t, got.items)
	require.Zero(t, time.Since(start), "time to end")
}

// requireCancelledAtItem cancels in the body of the loop over item n, and takes its
// time there: all upstreams have completed by then.
func requireCancelledAtItem[T any](t *testing.T, obs rxsse.Observable[T], n int) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	got := observe(ctx, t, obs, func(i int) bool {
		if i == n {
			time.Sleep(time.Minute) //nolint:forbidigo // in a bubble: until all upstreams have completed
			cancel(errCause)
		}
		return true
	})
	require.Equal(t, errCause, got.err)
	require.Len(t, got.items, n, "items after the cancellation")
}

// requireCancelledLater cancels from another goroutine while the stream waits.
func requireCancelledLater[T any](t *testing.T, obs rxsse.Observable[T]) {
	t.Helper()
	const after = time.Hour + time.Microsecond
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(after, func() { cancel(errCause) })
	start := time.Now()
	got := observe(ctx, t, obs, nil)
	require.Equal(t, errCause, got.err)
	require.Equal(t, after, time.Since(start), "time to end")
}
