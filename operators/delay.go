package operators

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// maxDelayed is how many items a Delay holds.
const maxDelayed = 1 << 16

// Delay delivers everything d later than it arrives: items, completion and errors, so that
// nothing overtakes an item.
//
//	src:       -a-b----c|
//	Delay(3):  ----a-b----c|
//
// On cancel it drops the items that it holds. Delay panics if d is not positive.
//
// Asynchronous. It holds the items of the last d, at most about 65,536, regardless of their
// size. While it holds that many, or while 256 items or 16 MiB of events are due and wait
// for the consumer, src waits, and its items are delayed by more than d. It sets one timer
// each time it has to wait.
func Delay[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Delay: src", src == nil)
	argument.MustBePositive("operators: Delay: d", d)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.New[arrival[T]](ctx, handoff.DefaultLimit)
			defer q.Stop()
			delayed := delayQueue[T]{delay: d}
			q.Go(delayed.arrivals(src))
			delayed.run(ctx, q, yield)
		}
	}
}

// A delayQueue holds the items that a Delay has not delivered yet.
type delayQueue[T any] struct {
	delay time.Duration
	items handoff.Ring[delayedItem[T]]
	due   deadlineTimer // when the first item is due, or else the end
	ended bool          // src has ended, and all of its items have been received
	end   time.Time     // when the end is due

	// An item arrives when src delivers it, which is before a busy consumer receives it.
	// Reading the clock for each item would cost more than everything else, so only items
	// that arrive in a busy phase have their own time.
	phase   atomic.Int64              // odd while the consumer is busy
	busyAt  time.Time                 // when the first busy phase since the last receive began
	endedAt atomic.Pointer[time.Time] // when src ended
}

// An arrival is an item and its time of arrival, as far as known.
type arrival[T any] struct {
	value T
	phase int64
	at    time.Time // zero if the consumer was not busy
}

// SizeOf implements [handoff.Wrapper].
func (*arrival[T]) SizeOf() func(*arrival[T]) int {
	return sizeOfPart(func(a *arrival[T]) *T { return &a.value })
}

// A delayedItem is an item and the time at which it is due.
type delayedItem[T any] struct {
	due   time.Time
	value T
}

// arrivals records when the items of src arrive, on the goroutine of src.
func (d *delayQueue[T]) arrivals(src rxsse.Observable[T]) rxsse.Observable[arrival[T]] {
	return func(ctx context.Context) iter.Seq2[arrival[T], error] {
		return func(yield func(arrival[T], error) bool) {
			ended := func() {
				now := time.Now()
				d.endedAt.CompareAndSwap(nil, &now)
			}
			defer ended()
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					ended()
					return fail(yield, err)
				}
				a := arrival[T]{value: v, phase: d.phase.Load()}
				if a.phase%2 == 1 {
					a.at = time.Now()
				}
				return yield(a, nil)
			})
		}
	}
}

// add holds items that the consumer has received at now.
func (d *delayQueue[T]) add(arrivals []arrival[T], now time.Time) {
	phase := d.phase.Load()
	for i := range arrivals {
		a := &arrivals[i]
		at := now
		switch {
		case !a.at.IsZero():
			at = a.at
		case a.phase != phase: // it arrived just before a busy phase, and was not received then
			at = d.busyAt
		}
		d.items.Push(delayedItem[T]{at.Add(d.delay), a.value})
	}
}

func (d *delayQueue[T]) run(ctx context.Context, q *handoff.Queue[arrival[T]], yield func(T, error) bool) {
	for {
		now, wanted := d.deliver(q, yield)
		if !wanted {
			return
		}
		switch {
		case q.Cancelled():
			fail(yield, context.Cause(ctx))
			return
		case d.items.Len() > 0:
			d.due.set(now, d.items.At(0).due)
		case d.ended && !now.Before(d.end):
			if err := q.Err(); err != nil {
				fail(yield, err)
			}
			return
		case d.ended:
			d.due.set(now, d.end)
		}
		d.wait(ctx, q)
	}
}

// deliver delivers the items that are due. It returns the time, and false if the consumer
// has left.
func (d *delayQueue[T]) deliver(q *handoff.Queue[arrival[T]], yield func(T, error) bool) (now time.Time, wanted bool) {
	now = time.Now()
	d.busyAt = now
	for d.isDue(now) {
		d.phase.Add(1)
		for d.isDue(now) && !q.Cancelled() {
			if !yield(d.items.Pop().value, nil) {
				return now, false
			}
		}
		d.phase.Add(1)
		if q.Cancelled() {
			break
		}
		now = time.Now()
	}
	return now, true
}

func (d *delayQueue[T]) isDue(now time.Time) bool {
	return d.items.Len() > 0 && !now.Before(d.items.At(0).due)
}

// wait waits for the deadline or, while there is room, for more items.
func (d *delayQueue[T]) wait(ctx context.Context, q *handoff.Queue[arrival[T]]) {
	if d.ended || d.items.Len() >= maxDelayed {
		select {
		case <-d.due.c():
		case <-ctx.Done():
		}
		return
	}
	arrivals, signal := q.Receive(d.due.c())
	now := time.Now()
	switch signal {
	case handoff.Items:
		d.add(arrivals, now)
	case handoff.Tick: // the next turn delivers what is due
	case handoff.End:
		d.ended, d.end = true, now.Add(d.delay)
		if at := d.endedAt.Load(); at != nil { // not when cancelled
			d.end = at.Add(d.delay)
		}
	}
}
