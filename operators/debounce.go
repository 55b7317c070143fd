package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Debounce delivers an item of src once d has passed without a newer one, and
// drops the items that a newer one came too soon after.
//
//	src:            -a-b-----c--d------e|
//	Debounce(3):    ------b--------d---e|
//
// When src completes the pending item is delivered at once. When src fails, or on
// cancel, the pending item is dropped; one that is due already when the error
// comes is delivered before it. An item that comes at the very instant the
// pending one is due does not replace it. A d that is not positive panics.
//
// While the consumer is busy Debounce keeps the newest item only, for which d
// begins when the consumer returns. It runs src on a goroutine of its own, never
// makes it wait, and holds two items: the pending one and the newest.
func Debounce[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustBePositive("Debounce: d", d)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.NewLatest[T](ctx)
			defer q.Stop()
			q.Go(src)
			debounce(q, d, yield)
		}
	}
}

func debounce[T any](q *handoff.Queue[T], d time.Duration, yield func(T, error) bool) {
	var (
		zero    T
		pending T
		due     alarm // set while an item is pending
	)
	defer due.stop()
	for {
		batch, signal := q.Receive(due.c())
		if signal == handoff.End && q.Err() == nil {
			if due.isSet() {
				yield(pending, nil)
			}
			return
		}
		now := time.Now()
		if due.reached(now) && !q.Cancelled() {
			due.clear()
			v := pending
			pending = zero
			if !yield(v, nil) {
				return
			}
		}
		switch signal {
		case handoff.Items:
			pending = batch[len(batch)-1]
			due.set(now, now.Add(d))
		case handoff.Tick:
			due.rearm(now)
		case handoff.End:
			yield(zero, q.Err())
			return
		}
	}
}
