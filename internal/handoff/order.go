package handoff

import (
	"context"
	"iter"
	"runtime"
	"time"

	"github.com/rxsse/rxsse"
)

// An Order starts upstreams one after the other: each when the one before it has started,
// and then has ended or waits for something. With virtual time that is exact. Otherwise an
// upstream counts as waiting once other goroutines have had several turns and it has pushed
// nothing more, and in any case ten milliseconds after the first one was added.
type Order struct {
	last *turn
}

// next returns the turn of the last upstream, nil if there is none, and that of the next one.
func (o *Order) next() (before, own *turn) {
	before, own = o.last, &turn{at: time.Now(), started: make(chan struct{}), ended: make(chan struct{})}
	if before != nil {
		own.at = before.at.Add(1)
	}
	o.last = own
	return before, own
}

// A turn is the place of an upstream in an order.
type turn struct {
	at             time.Time // a fake clock reaches it when the upstreams before wait
	started, ended chan struct{}
}

// GoInOrder runs each of srcs as Go does. They start one after the other, see [Order].
func (q *Queue[T]) GoInOrder(srcs ...rxsse.Observable[T]) {
	var order Order
	for _, src := range srcs {
		q.GoNext(&order, src)
	}
}

// GoNext runs src as Go does, as the next one in order.
func (q *Queue[T]) GoNext(order *Order, src rxsse.Observable[T]) {
	before, own := order.next()
	q.GoThen(func(ctx context.Context) iter.Seq2[T, error] {
		if before != nil && !q.waitForTurn(ctx, before, own.at) {
			return func(func(T, error) bool) {}
		}
		close(own.started)
		return src(ctx)
	}, func() { close(own.ended) })
}

// headStart is the longest time that an upstream waits for those before it.
const headStart = 10 * time.Millisecond

// quietTurns is how many turns of the scheduler without an item show that the upstreams
// before wait. An upstream with a run of tickets has as many turns for each of them, since
// its items do not show before the next run.
const quietTurns = 100

// waitForTurn waits until the upstream before has started, and has ended or waits as those
// before it do. From the time at on it asks whether they do. A fake clock reaches at only
// when they do, and then stands still, which makes the order exact. One upstream at a time
// asks, so the others take no processor from those that have started.
func (q *Queue[T]) waitForTurn(ctx context.Context, before *turn, at time.Time) bool {
	select {
	case <-before.started:
	case <-ctx.Done():
		return false
	}
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-before.ended:
		return ctx.Err() == nil
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	pushed, quiet := int64(0), quietTurns
	for turns := 0; turns < quiet && time.Since(at) < headStart; turns++ {
		runtime.Gosched()
		select {
		case <-before.ended:
			return ctx.Err() == nil
		default:
		}
		if now := q.pushed.Load(); now != pushed {
			quiet = quietTurns * int(min(now-pushed, maxRun))
			pushed, turns = now, 0
		}
	}
	return ctx.Err() == nil
}
