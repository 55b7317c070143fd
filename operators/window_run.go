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

// windowed applies a plan to src. The accumulator defines what a window holds, and result
// turns a window into an item.
func windowed[T any, K comparable, A, R any](
	src rxsse.Observable[T], plan windowPlan[T], key func(T) K,
	accumulator func() window.Accumulator[T, A], result func(K, A, WindowInfo) R,
) rxsse.Observable[R] {
	pipeline := ""
	if plan.options.state != nil {
		pipeline = plan.describe(reflect.TypeFor[K](), reflect.TypeFor[A]())
	}
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			run := newWindowRun(ctx, &plan)
			config := &window.Config[T, K, A]{Batch: &run.batch, Key: key, Accumulator: accumulator()}
			config.Send = func(k K, acc A, info window.Info) bool {
				if ctx.Err() != nil {
					return false
				}
				plan.options.state.runs(false)
				run.left = !yield(result(k, acc, run.info(info)), nil)
				plan.options.state.runs(true)
				return !run.left
			}
			newCells := func() window.Cells { return window.NewTable(config) }
			if plan.holdsItems() {
				newCells = func() window.Cells { return window.NewItemTable(config) }
			}
			if err := run.run(src, newCells, key != nil, pipeline); err != nil && !run.left {
				fail(yield, err)
			}
		}
	}
}

// A windowRun is one subscription to windows.
type windowRun[T any] struct {
	ctx       context.Context //nolint:containedctx // the subscription's; a windowRun ends with it
	plan      *windowPlan[T]
	batch     window.Batch[T]
	windows   window.Windows
	clock     window.Clock
	positions *window.Positions // nil: items have no positions
	late      lateItems[T]
	due       deadlineTimer

	left    bool  // the consumer has left
	failure error // of the operator, not of src
}

func newWindowRun[T any](ctx context.Context, plan *windowPlan[T]) *windowRun[T] {
	r := &windowRun[T]{ctx: ctx, plan: plan, clock: window.StartClock(), late: newLateItems(plan)}
	r.positions = window.NewPositions(&r.batch)
	return r
}

// info describes the window being delivered.
func (r *windowRun[T]) info(i window.Info) WindowInfo {
	return WindowInfo{
		Start: i.Start.Time(), End: i.End.Time(),
		Resume: i.ResumeID, Partial: i.Partial, Early: i.Early, Late: r.late.take(),
	}
}

// run delivers the windows of src, and returns the error with which the stream ends.
func (r *windowRun[T]) run(src rxsse.Observable[T], newCells func() window.Cells, keyed bool, pipeline string) error {
	r.windows = r.newWindows(newCells, keyed)
	if state := r.plan.options.state; state != nil {
		checkpointed := window.NewCheckpointed(r.windows, r.positions, pipeline)
		r.windows = checkpointed
		if err := state.begin(checkpointed); err != nil {
			return r.ended(fmt.Errorf("operators: %s: %w", r.plan.operator, err))
		}
		state.runs(true)
		defer state.runs(false)
	}
	if !r.windows.Advance(r.clock.Now()) { // windows of a State may have ended since it was saved
		return r.ended(nil)
	}
	if r.plan.timed() {
		return r.ended(r.withClock(src))
	}
	return r.ended(r.withoutClock(src))
}

// ended returns the error with which the stream ends if src ends with err. The cause of a
// cancelled context takes precedence over the operator's own error.
func (r *windowRun[T]) ended(err error) error {
	switch {
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	case r.failure != nil:
		return r.failure
	default:
		return err
	}
}

// withoutClock runs windows that the clock does not end, on the consumer's goroutine. It
// returns the error of src.
func (r *windowRun[T]) withoutClock(src rxsse.Observable[T]) (failure error) {
	// The newest item, and the one before it if items have positions.
	var items [2]T
	r.batch.Items = items[:]
	var newest int
	var stopped, ended bool
	windows, alternate := r.windows, r.positions != nil
	src(r.ctx)(func(v T, err error) bool {
		if ended || err != nil {
			if !ended {
				ended, failure = true, err
			}
			return false
		}
		if alternate {
			newest ^= 1
		}
		items[newest] = v
		stopped = !windows.Add(0, newest, newest+1)
		ended = stopped
		return !stopped
	})
	if !stopped && r.ctx.Err() == nil {
		r.windows.Flush()
	}
	return failure
}

// withClock runs windows that the clock ends, and src on its own goroutine. It reads the
// clock once per batch, so all items of a batch arrive at the same time. It returns the
// error of src.
func (r *windowRun[T]) withClock(src rxsse.Observable[T]) error {
	q := handoff.New[T](r.ctx, handoff.DefaultLimit)
	defer q.Stop()
	q.Go(src)
	r.schedule(time.Now())
	for {
		items, signal := q.Receive(r.due.c())
		now := time.Now()
		if !r.windows.Advance(r.clock.At(now)) {
			return nil
		}
		switch signal {
		case handoff.Items:
			r.batch.Items = items
			if !r.windows.Add(r.clock.At(now), 0, len(items)) {
				return nil
			}
			r.positions.Settle()
		case handoff.Tick: // Advance has delivered what is due
		case handoff.End:
			if !q.Cancelled() {
				r.windows.Flush()
			}
			return q.Err()
		}
		r.schedule(now)
	}
}

// schedule sets the timer for the next window to close.
func (r *windowRun[T]) schedule(now time.Time) {
	if next := r.windows.Next(); next != window.Never {
		r.due.set(now, r.clock.Time(next))
	}
}
