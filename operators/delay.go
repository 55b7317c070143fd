package operators

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// maxDelayed is how many items a Delay holds.
const maxDelayed = 1 << 16

// Delay delivers everything d later than it comes: items, completion, and an
// error too, so that nothing overtakes an item.
//
//	src:       -a-b----c|
//	Delay(3):  ----a-b----c|
//
// On cancel what is held is dropped. A d that is not positive panics.
//
// It runs src on a goroutine of its own and holds the items of the last d, but
// not many more than 65,536; while it holds that many src waits, and its items
// come later than d. It sets one timer each time it has to wait.
func Delay[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustBePositive("Delay: d", d)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.New[T](ctx, handoff.DefaultLimit)
			defer q.Stop()
			q.Go(src)
			w := waiting[T]{d: d}
			defer w.due.stop()
			w.run(ctx, q, yield)
		}
	}
}

// waiting holds what a Delay has not delivered yet.
type waiting[T any] struct {
	d       time.Duration
	batches []batch[T] // in the order in which they are due
	len     int        // items in batches
	due     alarm      // when the first batch is due, or else the end
	ended   bool       // nothing more comes
	end     time.Time  // when the end is due
}

// A batch is items that came together and are due together.
type batch[T any] struct {
	due   time.Time
	items []T
}

func (w *waiting[T]) run(ctx context.Context, q *handoff.Queue[T], yield func(T, error) bool) {
	var zero T
	for {
		now := time.Now()
		for len(w.batches) > 0 && !now.Before(w.batches[0].due) {
			if !deliverBatch(q, w.pop(), yield) {
				return
			}
			now = time.Now()
		}
		switch {
		case q.Cancelled():
			yield(zero, context.Cause(ctx))
			return
		case len(w.batches) > 0:
			w.due.set(now, w.batches[0].due)
		case w.ended && !now.Before(w.end):
			if err := q.Err(); err != nil {
				yield(zero, err)
			}
			return
		case w.ended:
			w.due.set(now, w.end)
		default:
			w.due.clear()
		}
		w.wait(ctx, q)
	}
}

// wait waits for the alarm or, while there is room, for more from src.
func (w *waiting[T]) wait(ctx context.Context, q *handoff.Queue[T]) {
	if w.ended || w.len >= maxDelayed {
		select {
		case <-w.due.c():
			w.due.rearm(time.Now())
		case <-ctx.Done():
		}
		return
	}
	items, signal := q.Receive(w.due.c())
	now := time.Now()
	switch signal {
	case handoff.Items:
		w.batches = append(w.batches, batch[T]{now.Add(w.d), slices.Clone(items)})
		w.len += len(items)
	case handoff.Tick:
		w.due.rearm(now)
	case handoff.End:
		w.ended, w.end = true, now.Add(w.d)
	}
}

// pop returns the items of the first batch, which is held no longer.
func (w *waiting[T]) pop() []T {
	items := w.batches[0].items
	w.batches[0] = batch[T]{}
	w.batches = w.batches[1:]
	w.len -= len(items)
	return items
}
