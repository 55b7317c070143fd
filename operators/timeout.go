package operators

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A TimeoutError is the error of [Timeout] and [TimeoutFirst] when a stream was silent for
// too long.
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

// Timeout delivers the items of src. When src is silent for d, it fails with a
// [TimeoutError] and releases src. The time starts with the subscription and restarts
// whenever the consumer has processed an item, so the consumer's own time does not count.
//
//	src:         -a--b--------c|
//	Timeout(4):  -a--b---#
//
// An item or an end after exactly d is too late. To limit only the wait for the first item,
// use [TimeoutFirst]. Timeout panics if d is not positive.
//
// Asynchronous. It ends as src does.
func Timeout[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Timeout: src", src == nil)
	argument.MustBePositive("operators: Timeout: d", d)
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
	var silent deadlineTimer
	now := time.Now()
	silent.set(now, now.Add(d))
	for {
		batch, signal := q.Receive(silent.c())
		now = time.Now()
		if silent.reached(now) && !q.Cancelled() {
			fail(yield, &TimeoutError{Operator: "Timeout", After: d})
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
				fail(yield, err)
			}
			return
		}
	}
}
