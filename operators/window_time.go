package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// windowTime groups the items of src into tumbling windows of processing time.
func windowTime[T any](ctx context.Context, src rxsse.Observable[T], size time.Duration) iter.Seq2[Windowed[T], error] {
	return func(yield func(Windowed[T], error) bool) {
		q := handoff.New[T](ctx, handoff.DefaultLimit)
		defer q.Stop()
		q.Go(src)
		w := tumbling[T]{grid: grid{size: size}}
		defer w.end.stop()
		w.run(q, yield)
	}
}

// A tumbling is the window that is open, if it holds items, and when it ends.
type tumbling[T any] struct {
	grid  grid
	items pile[T]
	start time.Time
	end   alarm
}

// run reads the clock once for each batch of items: those that were queued
// together are taken together, in the same window.
func (w *tumbling[T]) run(q *handoff.Queue[T], yield func(Windowed[T], error) bool) {
	for {
		batch, signal := q.Receive(w.end.c())
		now := time.Now()
		over := w.end.reached(now) || signal == handoff.End
		if over && w.items.len > 0 && !q.Cancelled() && !yield(w.close(), nil) {
			return
		}
		switch signal {
		case handoff.Items:
			w.add(now, batch)
		case handoff.Tick:
			w.end.rearm(now)
		case handoff.End:
			if err := q.Err(); err != nil {
				yield(Windowed[T]{}, err)
			}
			return
		}
	}
}

// add puts items that were taken now into the open window, and opens one if
// there is none.
func (w *tumbling[T]) add(now time.Time, items []T) {
	if w.items.len == 0 {
		w.start = w.grid.start(now)
		w.end.set(now, w.start.Add(w.grid.size))
	}
	w.items.add(items)
}

// close returns the open window.
func (w *tumbling[T]) close() Windowed[T] {
	w.end.clear()
	return Windowed[T]{
		Start: w.start.Round(0),
		End:   w.start.Add(w.grid.size).Round(0),
		Items: w.items.take(),
	}
}

// A grid divides time into windows of one size, aligned to the Unix epoch by the
// wall clock as it was at the first window, and from then on by the monotonic
// clock, so that windows neither overlap nor change length.
type grid struct {
	size   time.Duration
	origin time.Time // the start of the first window
}

// start returns the start of the window that t lies in.
func (g *grid) start(t time.Time) time.Time {
	if g.origin.IsZero() {
		g.origin = t.Add(-floorMod(time.Duration(t.UnixNano()), g.size))
	}
	since := t.Sub(g.origin)
	// From the origin, not from t: t's two clocks may have drifted apart.
	return g.origin.Add(since - floorMod(since, g.size))
}

// floorMod is the remainder of d divided by size, never negative.
func floorMod(d, size time.Duration) time.Duration {
	return (d%size + size) % size
}
