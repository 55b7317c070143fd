package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A windower assigns items to windows and delivers those that are over. Its
// methods return false when the consumer has left or the context is cancelled:
// nothing is asked of it after that.
type windower[T, R any] interface {
	// add takes items that came together at now. Before it, advance is called
	// with the same now.
	add(now instant, items []T, send func(R) bool) bool
	// advance delivers the windows that are over by now.
	advance(now instant, send func(R) bool) bool
	// next returns when advance has something to do, never if it waits for items.
	next() instant
	// flush delivers the windows that are open.
	flush(send func(R) bool) bool
}

// An outlet delivers results for as long as they are wanted.
type outlet[R any] struct {
	ctx   context.Context //nolint:containedctx // the subscription's; an outlet ends with it
	yield func(R, error) bool
	sent  int  // results delivered
	left  bool // the consumer has left
}

// send delivers r and reports whether more is wanted.
func (o *outlet[R]) send(r R) bool {
	if o.ctx.Err() != nil {
		return false
	}
	o.sent++
	o.left = !o.yield(r, nil)
	return !o.left
}

// end ends the stream as its source ended, or as its context did, unless the
// consumer has left.
func (o *outlet[R]) end(err error) {
	if o.ctx.Err() != nil {
		err = context.Cause(o.ctx)
	}
	if err != nil && !o.left {
		var zero R
		o.yield(zero, err)
	}
}

// windowUntimed runs a windower that needs no clock on the consumer's goroutine.
func windowUntimed[T, R any](src rxsse.Observable[T], start func(clock) windower[T, R]) rxsse.Observable[R] {
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			out := &outlet[R]{ctx: ctx, yield: yield}
			send := out.send
			w := start(startClock())
			var (
				item    [1]T
				failure error
				stopped bool
			)
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					failure = err
					return false
				}
				item[0] = v
				stopped = !w.add(0, item[:], send)
				return !stopped
			})
			if !stopped && ctx.Err() == nil {
				w.flush(send)
			}
			out.end(failure)
		}
	}
}

// windowTimed runs a windower that watches the clock, and its source on a
// goroutine of its own. It reads the clock once for each batch of items: those
// that were queued together are taken together.
func windowTimed[T, R any](src rxsse.Observable[T], start func(clock) windower[T, R]) rxsse.Observable[R] {
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			q := handoff.New[T](ctx, handoff.DefaultLimit)
			defer q.Stop()
			q.Go(src)
			clk := startClock()
			out := &outlet[R]{ctx: ctx, yield: yield}
			r := windowRun[T, R]{clock: clk, w: start(clk), out: out, send: out.send}
			defer r.due.stop()
			for r.step(q) {
			}
		}
	}
}

// A windowRun is one subscription to a windower that watches the clock.
type windowRun[T, R any] struct {
	clock clock
	w     windower[T, R]
	out   *outlet[R]
	send  func(R) bool // of out
	due   alarm
}

// step waits for items, for the end of a window or of the stream, and reports
// whether the stream goes on.
func (r *windowRun[T, R]) step(q *handoff.Queue[T]) bool {
	items, signal := q.Receive(r.due.c())
	now := time.Now()
	sent := r.out.sent
	goesOn := r.w.advance(r.clock.at(now), r.send)
	switch {
	case !goesOn:
	case signal == handoff.Items:
		goesOn = r.w.add(r.clock.at(now), items, r.send)
	case signal == handoff.Tick:
		r.due.rearm()
	case signal == handoff.End:
		if !q.Cancelled() {
			r.w.flush(r.send)
		}
		r.out.end(q.Err())
		return false
	}
	if !goesOn {
		r.out.end(nil)
		return false
	}
	if r.out.sent != sent {
		now = time.Now() // the consumer took its time
	}
	if next := r.w.next(); next == never {
		r.due.clear()
	} else {
		r.due.set(now, r.clock.time(next))
	}
	return true
}
