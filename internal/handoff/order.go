package handoff

import (
	"context"
	"iter"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
)

// An Order starts upstreams one after another: each once the one before it has started and
// then has ended or waits. With virtual time that is exact. Otherwise an upstream counts as
// waiting once other goroutines have had several turns in which it pushed nothing, and in
// any case ten milliseconds after the Order was created.
//
// An upstream with its own Order, such as a Merge in a Merge, counts as waiting only once
// all of its upstreams have started. It finds this Order in its context.
type Order struct {
	last   *turn // of the newest upstream, or nil
	parent *Order

	begin   time.Time
	nested  atomic.Int64 // upstreams in the orders below that have not started
	started atomic.Int64 // when the last of these started, since begin
}

// orderKey is the context key of the Order that started an upstream.
type orderKey struct{}

// NewOrder returns an order for the upstreams of an operator that runs under ctx.
func NewOrder(ctx context.Context) *Order {
	parent, _ := ctx.Value(orderKey{}).(*Order)
	return &Order{parent: parent, begin: time.Now()}
}

// expect announces to the orders above that an upstream is going to start.
func (o *Order) expect() {
	for above := o.parent; above != nil; above = above.parent {
		above.nested.Add(1)
	}
}

// settle reports to the orders above that the upstream has started, or never will.
func (o *Order) settle() {
	for above := o.parent; above != nil; above = above.parent {
		above.started.Store(int64(time.Since(above.begin)))
		above.nested.Add(-1)
	}
}

// allStarted reports whether all upstreams in the orders below started before now. With a
// fake clock, they have since ended or wait.
func (o *Order) allStarted() bool {
	return o.nested.Load() == 0 && o.started.Load() < int64(time.Since(o.begin))
}

// A turn is the place of an upstream in an order.
type turn struct {
	started, ended chan struct{}
}

// GoInOrder runs each of srcs as Go does. They start one after another, see [Order].
func (q *Queue[T]) GoInOrder(srcs ...rxsse.Observable[T]) {
	order := NewOrder(q.upstream)
	for _, src := range srcs {
		q.GoNext(order, src)
	}
}

// GoNext runs src as Go does, as the next one in order.
func (q *Queue[T]) GoNext(order *Order, src rxsse.Observable[T]) {
	before, own := order.last, &turn{started: make(chan struct{}), ended: make(chan struct{})}
	order.last = own
	order.expect()
	if !q.GoThen(func(ctx context.Context) iter.Seq2[T, error] {
		goOn := before == nil || q.waitForTurn(ctx, order, before)
		order.settle()
		if !goOn {
			return func(func(T, error) bool) {}
		}
		close(own.started)
		return src(context.WithValue(ctx, orderKey{}, order))
	}, func() { close(own.ended) }) {
		order.settle()
	}
}

// headStart is the longest time that an upstream waits for those before it.
const headStart = 10 * time.Millisecond

// quietTurns is how many turns of the scheduler without an item show that the earlier
// upstreams wait. An upstream with a run of tickets gets that many for each of them, since
// its items show only with the next run.
const quietTurns = 100

// waitForTurn waits until the previous upstream has started, and has ended or waits, as
// those before it. A fake clock advances only when they all wait, and then stands still,
// which makes the order exact. Only one upstream at a time polls, so the others take no
// processor time from the started ones.
func (q *Queue[T]) waitForTurn(ctx context.Context, order *Order, before *turn) bool {
	select {
	case <-before.started:
	case <-ctx.Done():
		return false
	}
	runs := before.sleep(ctx)
	for runs && !order.allStarted() && time.Since(order.begin) < headStart {
		// A clock that does not move meanwhile is fake. With a real one, such a short sleep
		// can take a millisecond.
		now := time.Now()
		for turns := 0; runs && turns < quietTurns/10; turns++ {
			runs = before.letOthersRun(ctx)
		}
		if runs && time.Now().Equal(now) {
			runs = before.sleep(ctx)
		}
	}
	pushed, quiet := int64(0), quietTurns
	for turns := 0; runs && turns < quiet && time.Since(order.begin) < headStart; turns++ {
		runs = before.letOthersRun(ctx)
		if now := q.pushed.Load(); now != pushed {
			quiet = quietTurns * int(min(now-pushed, maxRun))
			pushed, turns = now, 0
		}
	}
	return ctx.Err() == nil
}

// sleep waits for a nanosecond, which a fake clock reaches when all goroutines wait. It
// returns false if the upstream or ctx ends first.
func (t *turn) sleep(ctx context.Context) bool {
	timer := time.NewTimer(time.Nanosecond)
	defer timer.Stop()
	select {
	case <-t.ended:
		return false
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// letOthersRun yields to other goroutines once. It returns false if the upstream or ctx has
// ended.
func (t *turn) letOthersRun(ctx context.Context) bool {
	runtime.Gosched()
	select {
	case <-t.ended:
		return false
	default:
		return ctx.Err() == nil
	}
}
