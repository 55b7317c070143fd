package rxssetest

import (
	"context"
	"iter"
	"testing"

	"github.com/rxsse/rxsse"
)

// An Operator describes an operator to check. Apply and Items are required.
type Operator[T, R any] struct {
	// Apply builds the operator on src.
	Apply func(src rxsse.Observable[T]) rxsse.Observable[R]
	// Items are delivered to the operator, one every millisecond. There must be at least
	// three, and the operator must deliver at least one item within ten seconds of the
	// last.
	Items []T
	// Panicking builds the operator with a function that panics with v. It is nil if the
	// operator takes no function.
	Panicking func(src rxsse.Observable[T], v any) rxsse.Observable[R]
	// EndsEarly says that the operator completes before its upstream, as Take does. Check
	// then skips the cases in which it must run until its upstream ends.
	EndsEarly bool
	// AtEnd says that the operator delivers only once its upstream has completed, as
	// Reduce does.
	AtEnd bool
	// HandlesErrors says that the operator does not pass on every error of its upstream, as
	// Catch.
	HandlesErrors bool
	// Shares says that concurrent subscriptions share one subscription to the upstream, as
	// with operators.Share.
	Shares bool
}

// Check runs every case as a subtest of t, except those that o rules out.
func (o Operator[T, R]) Check(t *testing.T) {
	t.Helper()
	if len(o.Items) < 3 {
		t.Fatalf("rxssetest: Operator.Items has %d items, want at least three", len(o.Items))
	}

	bubble(t, "cold", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		_ = o.Apply(p.finite())(t.Context())
		requireCount(t, "subscriptions before the range", int(p.subscribed.Load()), 0)
	})
	bubble(t, "complete", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		got := observe(t.Context(), t, o.Apply(p.finite()), nil)
		got.requireCompleted(t)
		p.requireReleased(t, 1)
	})
	bubble(t, "two subscriptions at once", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		both := observeTwice(t, o.Apply(p.finite()))
		both[0].requireCompleted(t)
		both[1].requireCompleted(t)
		requireCount(t, "items of the second subscription", len(both[1].items), len(both[0].items))
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
			observe(t.Context(), t, o.Panicking(p.endless(), panicValue), nil).requirePanic(t)
			p.requireReleased(t, 1)
		})
	}
	bubble(t, "cancelled at the last item", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		all := observe(t.Context(), t, o.Apply(p.finite()), nil)
		all.requireCompleted(t)
		requireCancelledAtItem(t, o.Apply(p.finite()), len(all.items))
	})
}

func (o Operator[T, R]) checkFailing(t *testing.T) {
	t.Helper()
	if !o.HandlesErrors {
		bubble(t, "error", func(t *testing.T) {
			p := &probe[T]{items: o.Items}
			got := observe(t.Context(), t, o.Apply(p.failing(errUpstream)), nil)
			got.requireFailed(t, errUpstream)
			p.requireReleased(t, 1)
		})
	}
	bubble(t, "panic upstream", func(t *testing.T) {
		p := &probe[T]{items: o.Items}
		observe(t.Context(), t, o.Apply(p.panicking(panicValue)), nil).requirePanic(t)
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
		observe(t.Context(), t, obs, func(int) bool { return false }).requirePanic(t)
		p.requireReleased(t, 1)
	})
	bubble(t, "cancelled before", func(t *testing.T) {
		requireCancelledBefore(t, build())
		requireCount(t, "upstreams still running", int(p.active.Load()), 0)
	})
}
