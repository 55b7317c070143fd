package operators

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A TimeoutError is the error of [Timeout] and [TimeoutFirst] when a stream is silent
// for too long.
type TimeoutError struct {
	// Operator is its name, such as "Timeout".
	Operator string
	// After is how long the stream was silent.
	After time.Duration
}

// Error names the operator and the duration.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("operators: %s: no item for %v", e.Operator, e.After)
}

// Timeout delivers the items of src and fails with a [TimeoutError] when src is
// silent for d: from the subscription to the first item, or from when the
// consumer has taken an item to the next. It releases src then.
//
//	src:         -a--b--------c|
//	Timeout(4):  -a--b---#
//
// On completion, error and cancel it ends as src does. An item that comes at the
// very instant the time is over comes too late. A d that is not positive panics.
//
// It runs src on a goroutine of its own and holds at most 256 of its items,
// besides as many being delivered; while it holds that many src waits. Items do
// not touch its timer, which is set anew once every d.
func Timeout[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Timeout: src", src == nil)
	mustBePositive("Timeout: d", d)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.New[T](ctx, handoff.DefaultLimit)
			defer q.Stop()
			q.Go(src)
			timeout(q, d, yield)
		}
	}
}

func timeout[T any](q *handoff.Queue[T], d time.Duration, yield func(T, error) bool) {
	var zero T
	var silent alarm
	defer silent.stop()
	now := time.Now()
	silent.set(now, now.Add(d))
	for {
		batch, signal := q.Receive(silent.c())
		now := time.Now()
		if silent.reached(now) && !q.Cancelled() {
			yield(zero, &TimeoutError{Operator: "Timeout", After: d})
			return
		}
		switch signal {
		case handoff.Items:
			if !deliverBatch(q, batch, yield) {
				return
			}
			now = time.Now()
			silent.set(now, now.Add(d))
		case handoff.Tick:
			silent.rearm()
		case handoff.End:
			if err := q.Err(); err != nil {
				yield(zero, err)
			}
			return
		}
	}
}
