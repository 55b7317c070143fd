package rxssetest

import (
	"context"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
)

// A probe is an upstream that keeps the contract and counts its subscriptions.
// It delivers its items a millisecond apart. If nothing ends it within a day of fake time,
// it fails the test and ends by itself, since the stream under check would never end.
type probe[T any] struct {
	t          *testing.T
	items      []T
	subscribed atomic.Int32
	active     atomic.Int32
}

// pause is the silence after each run of the items in an endless upstream.
const pause = 10 * time.Second

// overdue is how long a stream may last that must have ended. All cases end within two hours.
const overdue = 24 * time.Hour

// finite delivers the items and completes.
func (p *probe[T]) finite() rxsse.Observable[T] {
	return p.upstream(func(ctx context.Context, yield func(T, error) bool) {
		if ctx.Err() != nil {
			var zero T
			yield(zero, context.Cause(ctx))
		}
	})
}

// failing delivers the items and fails.
func (p *probe[T]) failing(err error) rxsse.Observable[T] {
	return p.upstream(func(_ context.Context, yield func(T, error) bool) {
		var zero T
		yield(zero, err)
	})
}

// panicking delivers the items and panics with v.
func (p *probe[T]) panicking(v any) rxsse.Observable[T] {
	return p.upstream(func(context.Context, func(T, error) bool) { panic(v) })
}

// panickingWhenLeft is obs, and panics with v when obs has ended, like a deferred call
// in obs would.
func panickingWhenLeft[T any](obs rxsse.Observable[T], v any) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			obs(ctx)(yield)
			panic(v)
		}
	}
}

// silentAfterItems delivers the items and then waits for the cancellation.
func (p *probe[T]) silentAfterItems() rxsse.Observable[T] {
	return p.upstream(func(ctx context.Context, yield func(T, error) bool) {
		if wait(ctx, overdue, yield) {
			p.t.Errorf("the context of the upstream was not cancelled within %v, although that of the stream was, or the stream has ended", overdue)
		}
	})
}

// endless delivers the items again and again, with a pause between.
func (p *probe[T]) endless() rxsse.Observable[T] {
	return p.upstream(func(ctx context.Context, yield func(T, error) bool) {
		for start := time.Now(); wait(ctx, pause, yield) && p.deliver(ctx, yield); {
			if time.Since(start) > overdue {
				p.t.Errorf("the upstream was still read after %v; it must be left as soon as the stream has ended", overdue)
				return
			}
		}
	})
}

// upstream delivers the items and then does what rest says.
func (p *probe[T]) upstream(rest func(context.Context, func(T, error) bool)) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			p.subscribed.Add(1)
			p.active.Add(1)
			defer p.active.Add(-1)
			if p.deliver(ctx, yield) {
				rest(ctx, yield)
			}
		}
	}
}

func (p *probe[T]) deliver(ctx context.Context, yield func(T, error) bool) bool {
	for _, v := range p.items {
		if !wait(ctx, time.Millisecond, yield) || !yield(v, nil) {
			return false
		}
	}
	return true
}

// wait waits for d and reports whether the stream continues; if ctx is cancelled, it
// delivers the cause.
func wait[T any](ctx context.Context, d time.Duration, yield func(T, error) bool) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		if ctx.Err() == nil {
			return true
		}
	case <-ctx.Done():
	}
	var zero T
	yield(zero, context.Cause(ctx))
	return false
}

// requireReleased checks that the upstream was subscribed to n times and that
// none of the subscriptions still runs.
func (p *probe[T]) requireReleased(t *testing.T, n int) {
	t.Helper()
	requireCount(t, "subscriptions to the upstream", int(p.subscribed.Load()), n)
	requireCount(t, "upstreams still running", int(p.active.Load()), 0)
}
