package rxssetest

import (
	"context"
	"iter"
	"testing"

	"github.com/rxsse/rxsse"
)

// An Operator describes an operator by how it is applied.
type Operator[T, R any] struct {
	// Apply builds the operator on src. Check an operator of several streams once for each
	// of them: src takes one place, and streams of your own, which end, take the others.
	Apply func(src rxsse.Observable[T]) rxsse.Observable[R]
	// Items are delivered to the operator, one every millisecond. There must be at least
	// three, and the operator must deliver at least one item by ten seconds after the last.
	Items []T
	// Want are the items that the operator delivers until src completes after Items, in
	// order. Without Want, what the operator delivers is not compared, so a lost item is
	// not found.
	Want []R
	// Panicking builds the operator with a function that panics with v. Leave it nil if
	// the operator takes no function.
	Panicking func(src rxsse.Observable[T], v any) rxsse.Observable[R]
	// EndsEarly says that the operator completes by itself, as Take does. Check then skips
	// the cases that need it to run until its upstream ends.
	EndsEarly bool
	// AtEnd says that the operator delivers only once its upstream has completed, as
	// Reduce does.
	AtEnd bool
	// HandlesErrors says that the operator may turn an error into something else.
	HandlesErrors bool
	// Shares says that subscriptions at the same time share one to the upstream.
	Shares bool
}

// Check runs every case as a subtest of t, and skips those that o rules out. If a case has
// failed, it also skips those with panics: a panic that the operator lets end the process
// would take the report of the failure with it.
func (o Operator[T, R]) Check(t *testing.T) {
	t.Helper()
	if len(o.Items) < 3 {
		t.Fatalf("rxssetest: Operator.Items has %d items, want at least three", len(o.Items))
	}

	bubble(t, "cold", func(t *testing.T) {
		p := o.probe(t)
		_ = o.Apply(p.finite())(t.Context())
		requireCount(t, "subscriptions before the range", int(p.subscribed.Load()), 0)
	})
	bubble(t, "complete", func(t *testing.T) {
		p := o.probe(t)
		got := observe(t.Context(), t, o.Apply(p.finite()), nil)
		got.requireCompleted(t)
		if o.Want != nil {
			got.requireItems(t, o.Want)
		}
		p.requireReleased(t, 1)
	})
	bubble(t, "two subscriptions at once", func(t *testing.T) {
		p := o.probe(t)
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
	bubble(t, "cancelled at the last item", func(t *testing.T) {
		p := o.probe(t)
		all := observe(t.Context(), t, o.Apply(p.finite()), nil)
		all.requireCompleted(t)
		requireCancelledAtItem(t, o.Apply(p.finite()), len(all.items))
	})
	if t.Failed() {
		t.Log("rxssetest: the cases with panics run once the others pass")
		return
	}
	o.checkPanics(t)
}

func (o Operator[T, R]) probe(t *testing.T) *probe[T] { return &probe[T]{t: t, items: o.Items} }

func (o Operator[T, R]) checkFailing(t *testing.T) {
	t.Helper()
	if !o.HandlesErrors {
		bubble(t, "error", func(t *testing.T) {
			p := o.probe(t)
			got := observe(t.Context(), t, o.Apply(p.failing(errUpstream)), nil)
			got.requireFailed(t, errUpstream)
			p.requireReleased(t, 1)
		})
	}
	bubble(t, "cancelled while the upstream is silent", func(t *testing.T) {
		p := o.probe(t)
		requireCancelledLater(t, o.Apply(p.silentAfterItems()))
		p.requireReleased(t, 1)
	})
}

func (o Operator[T, R]) checkLeaving(t *testing.T) {
	t.Helper()
	leave := func(name string, require func(*testing.T, rxsse.Observable[R])) {
		bubble(t, name, func(t *testing.T) {
			p := o.probe(t)
			require(t, o.Apply(o.more(p)))
			p.requireReleased(t, 1)
		})
	}
	leave("break", requireLeft)
	leave("cancelled by the consumer", requireCancelledByConsumer)
	if !o.EndsEarly && !o.AtEnd {
		leave("cancelled while running", requireCancelledLater)
	}
	bubble(t, "cancelled before", func(t *testing.T) {
		p := o.probe(t)
		requireCancelledBefore(t, o.Apply(o.more(p)))
		requireCount(t, "upstreams still running", int(p.active.Load()), 0)
	})
}

func (o Operator[T, R]) checkPanics(t *testing.T) {
	t.Helper()
	bubble(t, "panic in the consumer", func(t *testing.T) {
		p := o.probe(t)
		requireConsumerPanic(t, o.Apply(o.more(p)))
		p.requireReleased(t, 1)
	})
	if !o.EndsEarly {
		bubble(t, "panic upstream", func(t *testing.T) {
			p := o.probe(t)
			observe(t.Context(), t, o.Apply(p.panicking(panicValue)), nil).requirePanic(t)
			p.requireReleased(t, 1)
		})
	}
	bubble(t, "panic upstream as it is left", func(t *testing.T) {
		p := o.probe(t)
		obs := func(ctx context.Context) iter.Seq2[R, error] {
			return o.Apply(panickingWhenLeft(o.more(p), panicValue))(ctx)
		}
		observe(t.Context(), t, obs, func(int) bool { return false }).requirePanic(t)
		p.requireReleased(t, 1)
	})
	if o.Panicking != nil {
		bubble(t, "panic in the user's function", func(t *testing.T) {
			p := o.probe(t)
			observe(t.Context(), t, o.Panicking(p.endless(), panicValue), nil).requirePanic(t)
			p.requireReleased(t, 1)
		})
	}
}

// more returns an upstream from which the operator delivers an item and, if it can, more.
func (o Operator[T, R]) more(p *probe[T]) rxsse.Observable[T] {
	if o.AtEnd {
		return p.finite()
	}
	return p.endless()
}
