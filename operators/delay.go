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

// Delay delivers everything d later than it arrives: items, completion, and an error, too,
// so that nothing overtakes an item.
//
//	src:       -a-b----c|
//	Delay(3):  ----a-b----c|
//
// On cancel it drops the items that it holds. Delay panics if d is not positive.
//
// It runs src on a goroutine of its own and holds the items of the last d, but at most
// about 65,536 of them, whatever their bytes. While it holds that many, and while a busy
// consumer leaves 256 items or 16 MiB of events waiting, src waits, and its items are late
// by more than d. It sets one timer each time it has to wait.
func Delay[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("Delay: src", src == nil)
	argument.MustBePositive("operators: Delay: d", d)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.New[arrival[T]](ctx, handoff.DefaultLimit)
			defer q.Stop()
			w := waiting[T]{d: d}
			defer w.due.stop()
			q.Go(w.arrivals(src))
			w.run(ctx, q, yield)
		}
	}
}

// waiting holds what a Delay has not delivered yet.
type waiting[T any] struct {
	d     time.Duration
	items handoff.Ring[delayed[T]]
	due   alarm     // when the first item is due, or else the end
	over  bool      // nothing more comes
	end   time.Time // when the end is due

	// An item comes when the source delivers it, and not when a busy consumer gets
	// round to it. To read the clock for each would cost more than all the rest, so
	// that is done only for those that come in a busy phase.
	phase atomic.Int64              // odd while the consumer is busy
	busy  time.Time                 // when its last busy phase began
	ended atomic.Pointer[time.Time] // when src did
}

// An arrival is an item as it has come.
type arrival[T any] struct {
	value T
	phase int64
	at    time.Time // zero if the consumer was not busy
}

// SizeOf implements [handoff.Wrapper].
func (*arrival[T]) SizeOf() func(*arrival[T]) int {
	size := handoff.SizeOf[T]()
	if size == nil {
		return nil
	}
	return func(a *arrival[T]) int { return size(&a.value) }
}

// A delayed item waits until it is due.
type delayed[T any] struct {
	due   time.Time
	value T
}

// arrivals notes when the items of src come, on the goroutine of src.
func (w *waiting[T]) arrivals(src rxsse.Observable[T]) rxsse.Observable[arrival[T]] {
	return func(ctx context.Context) iter.Seq2[arrival[T], error] {
		return func(yield func(arrival[T], error) bool) {
			ended := func() {
				now := time.Now()
				w.ended.CompareAndSwap(nil, &now)
			}
			defer ended()
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					ended()
					yield(arrival[T]{}, err)
					return false
				}
				a := arrival[T]{value: v, phase: w.phase.Load()}
				if a.phase%2 == 1 {
					a.at = time.Now()
				}
				return yield(a, nil)
			})
		}
	}
}

// add holds what has come.
func (w *waiting[T]) add(arrivals []arrival[T], now time.Time) {
	phase := w.phase.Load()
	for i := range arrivals {
		a := &arrivals[i]
		at := now
		switch {
		case !a.at.IsZero():
			at = a.at
		case a.phase != phase: // before the busy phase, which was just about to begin
			at = w.busy
		}
		w.items.Push(delayed[T]{at.Add(w.d), a.value})
	}
}

func (w *waiting[T]) run(ctx context.Context, q *handoff.Queue[arrival[T]], yield func(T, error) bool) {
	var zero T
	for {
		now, goOn := w.deliver(q, yield)
		if !goOn {
			return
		}
		switch {
		case q.Cancelled():
			yield(zero, context.Cause(ctx))
			return
		case w.items.Len() > 0:
			w.due.set(now, w.items.At(0).due)
		case w.over && !now.Before(w.end):
			if err := q.Err(); err != nil {
				yield(zero, err)
			}
			return
		case w.over:
			w.due.set(now, w.end)
		default:
			w.due.clear()
		}
		w.wait(ctx, q)
	}
}

// deliver delivers what is due. It returns the time, and false if the consumer has
// left.
func (w *waiting[T]) deliver(q *handoff.Queue[arrival[T]], yield func(T, error) bool) (now time.Time, goOn bool) {
	now = time.Now()
	for w.isDue(now) {
		w.busy = now
		w.phase.Add(1)
		for w.isDue(now) && !q.Cancelled() {
			if !yield(w.items.Pop().value, nil) {
				return now, false
			}
		}
		w.phase.Add(1)
		if q.Cancelled() {
			break
		}
		now = time.Now()
	}
	return now, true
}

func (w *waiting[T]) isDue(now time.Time) bool {
	return w.items.Len() > 0 && !now.Before(w.items.At(0).due)
}

// wait waits for the alarm or, while there is room, for more from src.
func (w *waiting[T]) wait(ctx context.Context, q *handoff.Queue[arrival[T]]) {
	if w.over || w.items.Len() >= maxDelayed {
		select {
		case <-w.due.c():
			w.due.rearm()
		case <-ctx.Done():
		}
		return
	}
	arrivals, signal := q.Receive(w.due.c())
	now := time.Now()
	switch signal {
	case handoff.Items:
		w.add(arrivals, now)
	case handoff.Tick:
		w.due.rearm()
	case handoff.End:
		w.over, w.end = true, now.Add(w.d)
		if ended := w.ended.Load(); ended != nil { // not when cancelled
			w.end = ended.Add(w.d)
		}
	}
}
