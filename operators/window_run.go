package operators

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
	"github.com/rxsse/rxsse/internal/window"
)

// windowed applies a plan to src. The accumulator says what a window holds of its items,
// and result makes an item of a window.
func windowed[T any, K comparable, A, R any](
	src rxsse.Observable[T], plan windowPlan[T], key func(T) K,
	accumulator func() window.Accumulator[T, A], result func(window.Result[K, A], WindowInfo) R,
) rxsse.Observable[R] {
	pipeline := ""
	if plan.options.state != nil {
		pipeline = plan.describe(reflect.TypeFor[K](), reflect.TypeFor[A]())
	}
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			run := windowRun[T, R]{out: emitter[R]{ctx: ctx, yield: yield}, clock: window.StartClock(), positions: window.NewPositions[T]()}
			late := newLateItems(&plan)
			run.windows = newWindows(&plan, window.Config[T, K, A]{
				Key:         key,
				Accumulator: accumulator(),
				Positions:   run.positions,
				Send: func(r window.Result[K, A]) bool {
					return run.out.send(result(r, WindowInfo{
						Start: r.Start.Time(), End: r.End.Time(),
						Resume: r.ResumeID, Partial: r.Partial, Early: r.Early, Late: late.take(),
					}))
				},
			}, run.clock, late, run.out.fail)
			if plan.options.state != nil {
				checkpointed := window.NewCheckpointed(run.windows, run.positions, pipeline)
				run.windows = checkpointed
				if err := begin(plan.options.state, checkpointed); err != nil {
					run.out.end(fmt.Errorf("operators: %s: %w", plan.operator, err))
					return
				}
			}
			if !run.windows.Advance(run.clock.Now()) { // of a State, some may be due
				run.out.end(nil)
				return
			}
			if plan.timed() {
				run.withClock(src)
			} else {
				run.withoutClock(src)
			}
		}
	}
}

// A windowRun is one subscription to windows.
type windowRun[T, R any] struct {
	windows   window.Windows[T]
	out       emitter[R]
	clock     window.Clock
	positions *window.Positions[T] // nil: items have none
	due       alarm
}

// withoutClock runs windows that no time ends, on the consumer's goroutine.
func (r *windowRun[T, R]) withoutClock(src rxsse.Observable[T]) {
	var (
		items   [2]T // the newest one, and the one before it if items have positions
		newest  int
		failure error
		stopped bool
	)
	src(r.out.ctx)(func(v T, err error) bool {
		if err != nil {
			failure = err
			return false
		}
		if r.positions != nil {
			newest ^= 1
		}
		items[newest] = v
		stopped = !r.windows.Add(0, items[newest:newest+1])
		return !stopped
	})
	if !stopped && r.out.ctx.Err() == nil {
		r.windows.Flush()
	}
	r.out.end(failure)
}

// withClock runs windows that time ends, and src on a goroutine of its own. It reads the
// clock once for each batch of items: those that were queued together arrive together.
func (r *windowRun[T, R]) withClock(src rxsse.Observable[T]) {
	q := handoff.New[T](r.out.ctx, handoff.DefaultLimit)
	defer q.Stop()
	q.Go(src)
	defer r.due.stop()
	r.schedule(time.Now())
	for r.step(q) {
	}
}

// step waits for items, for the end of a window or of the stream, and reports whether
// the stream goes on.
func (r *windowRun[T, R]) step(q *handoff.Queue[T]) bool {
	items, signal := q.Receive(r.due.c())
	now := time.Now()
	sent := r.out.sent
	goesOn := r.windows.Advance(r.clock.At(now))
	switch {
	case !goesOn:
	case signal == handoff.Items:
		goesOn = r.windows.Add(r.clock.At(now), items)
		r.positions.Settle()
	case signal == handoff.Tick:
		r.due.rearm()
	case signal == handoff.End:
		if !q.Cancelled() {
			r.windows.Flush()
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
	r.schedule(now)
	return true
}

// schedule sets the timer for the next window to close.
func (r *windowRun[T, R]) schedule(now time.Time) {
	if next := r.windows.Next(); next == window.Never {
		r.due.clear()
	} else {
		r.due.set(now, r.clock.Time(next))
	}
}

// An emitter delivers results while the consumer wants them.
type emitter[R any] struct {
	ctx     context.Context //nolint:containedctx // the subscription's; an emitter ends with it
	yield   func(R, error) bool
	sent    int   // results delivered
	left    bool  // the consumer has left
	failure error // of the operator itself
}

// send delivers r and reports whether to go on.
func (e *emitter[R]) send(r R) bool {
	if e.ctx.Err() != nil {
		return false
	}
	e.sent++
	e.left = !e.yield(r, nil)
	return !e.left
}

// fail makes the stream end with err. The caller stops the windows.
func (e *emitter[R]) fail(err error) { e.failure = err }

// end ends the stream as the operator or the source failed, or as the context was
// cancelled, unless the consumer has left.
func (e *emitter[R]) end(err error) {
	if e.failure != nil {
		err = e.failure
	}
	if e.ctx.Err() != nil {
		err = context.Cause(e.ctx)
	}
	if err != nil && !e.left {
		var zero R
		e.yield(zero, err)
	}
}
