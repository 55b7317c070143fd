package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A schedule returns when an item that arrived at now is due. due is when the pending item
// that it replaces was due, and delivered is when the last item was delivered; each is zero
// if there is no such item.
type schedule func(now, due, delivered time.Time) time.Time

// deliverLatest delivers the newest item of src when it is due. newSchedule makes the
// schedule of a subscription. When src completes, the pending item is delivered at once;
// when src fails, it is dropped unless it is due by then.
//
// While the consumer is busy, the queue holds the oldest limit-1 items and the newest one.
func deliverLatest[T any](src rxsse.Observable[T], limit int, newSchedule func() schedule) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			l := latest[T]{schedule: newSchedule()}
			q := handoff.NewOverflowing[T](ctx, limit, handoff.Overflow{Policy: handoff.ReplaceNewest})
			defer q.Stop()
			q.Go(src)
			l.run(ctx, q, yield)
		}
	}
}

type latest[T any] struct {
	schedule  schedule
	pending   T
	due       deadlineTimer // set while an item is pending
	delivered time.Time     // when the last item was delivered
}

func (l *latest[T]) run(ctx context.Context, q *handoff.Queue[T], yield func(T, error) bool) {
	for {
		batch, signal := q.Receive(l.due.c())
		if signal == handoff.End && q.Err() == nil {
			if !l.due.isSet() || yield(l.take(), nil) {
				complete(ctx, yield)
			}
			return
		}
		var v T
		if signal == handoff.Items {
			v = batch[len(batch)-1]
		}
		now := time.Now()
		if l.due.reached(now) && !q.Cancelled() {
			if !l.deliver(now, yield) {
				return
			}
			// Time has passed, and newer items may have arrived.
			now = time.Now()
			if signal == handoff.Items {
				v, _ = newest(q, v)
			}
		}
		switch signal {
		case handoff.Items:
			if !l.hold(now, v, q, yield) {
				return
			}
		case handoff.Tick:
			l.due.rearm()
		case handoff.End:
			fail(yield, q.Err())
			return
		}
	}
}

// hold makes v the pending item. If v is due at once, hold delivers it and then holds the
// newest of the items that arrived meanwhile. It returns false when the consumer has left.
func (l *latest[T]) hold(now time.Time, v T, q *handoff.Queue[T], yield func(T, error) bool) bool {
	for more := true; more; {
		l.pending = v
		due := l.schedule(now, l.due.deadline, l.delivered)
		if due.After(now) || q.Cancelled() {
			l.due.set(now, due)
			break
		}
		if !l.deliver(now, yield) {
			return false
		}
		now = time.Now()
		v, more = newest(q, v)
	}
	return true
}

// newest returns the newest queued item, or v if there is none.
func newest[T any](q *handoff.Queue[T], v T) (_ T, more bool) {
	for {
		batch, ok := q.Newer()
		if !ok {
			return v, more
		}
		v, more = batch[len(batch)-1], true
	}
}

// deliver hands the pending item to the consumer.
func (l *latest[T]) deliver(now time.Time, yield func(T, error) bool) bool {
	l.delivered = now
	return yield(l.take(), nil)
}

// take returns the pending item and clears it.
func (l *latest[T]) take() T {
	var zero T
	v := l.pending
	l.pending = zero
	l.due.clear()
	return v
}
