package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// deliverLatest holds the newest item of src until it is due, and delivers it
// then. schedule is called with each newest item's time and sets when it is due.
// What is pending is delivered at once when src completes, and dropped when it
// fails unless it is due by then.
func deliverLatest[T any](src rxsse.Observable[T], schedule func(due *alarm, now time.Time)) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.NewLatest[T](ctx)
			defer q.Stop()
			q.Go(src)
			l := latest[T]{schedule: schedule}
			defer l.due.stop()
			l.run(q, yield)
		}
	}
}

type latest[T any] struct {
	schedule func(due *alarm, now time.Time)
	pending  T
	due      alarm // set while an item is pending
}

func (l *latest[T]) run(q *handoff.Queue[T], yield func(T, error) bool) {
	for {
		batch, signal := q.Receive(l.due.c())
		if signal == handoff.End && q.Err() == nil {
			if l.due.isSet() {
				yield(l.take(), nil)
			}
			return
		}
		now := time.Now()
		if l.due.reached(now) && !q.Cancelled() {
			if !yield(l.take(), nil) {
				return
			}
			// That may have taken its time: what came at the deadline has got older.
			now = time.Now()
			if signal == handoff.Items {
				if newer, more := q.Newer(); more {
					batch = newer
				}
			}
		}
		switch signal {
		case handoff.Items:
			l.pending = batch[len(batch)-1]
			l.schedule(&l.due, now)
		case handoff.Tick:
			l.due.rearm()
		case handoff.End:
			var zero T
			yield(zero, q.Err())
			return
		}
	}
}

// take returns the pending item, which then is pending no longer.
func (l *latest[T]) take() T {
	var zero T
	v := l.pending
	l.pending = zero
	l.due.clear()
	return v
}
