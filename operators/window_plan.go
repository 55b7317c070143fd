package operators

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/window"
)

// A WindowOption configures [Window], [Aggregate] and [AggregateBy].
type WindowOption func(*windowOptions)

type windowOptions struct {
	earlyEvery time.Duration
	earlyAfter int
	state      *State
}

// WithEarlyEvery also delivers windows that are still open, for example for a live display.
// When d has passed since an item changed a window, by the clock of the machine, all open
// windows that have changed are delivered. These results have Early set and contain the
// items so far; [AggregateBy] delivers only the keys that have changed. When a window
// closes, it is delivered as usual. WithEarlyEvery panics if d is not positive.
func WithEarlyEvery(d time.Duration) WindowOption {
	argument.MustBePositive("operators: WithEarlyEvery: d", d)
	return func(o *windowOptions) { o.earlyEvery = d }
}

// WithEarlyAfter is [WithEarlyEvery] by number of items: after every n items of the stream,
// the open windows that have changed are delivered. WithEarlyAfter panics if n is not
// positive.
func WithEarlyAfter(n int) WindowOption {
	argument.MustBePositive("operators: WithEarlyAfter: n", n)
	return func(o *windowOptions) { o.earlyAfter = n }
}

// A windowPlan is a valid [WindowSpec] with its options.
type windowPlan[T any] struct {
	operator string
	grid     window.Grid   // for Tumbling and Sliding
	bounds   window.Bounds // for other windows; sessions in event time use only the gap
	weight   func(T) int   // the weight of an item, if windows end by weight, or nil
	last     func(T) bool  // reports whether an item ends its window, or nil
	event    *EventTime[T] // nil: processing time
	options  windowOptions
}

// newWindowPlan panics if spec is invalid.
func newWindowPlan[T any, W WindowSpec[T]](operator string, spec W, opts []WindowOption) windowPlan[T] {
	plan := windowPlan[T]{operator: operator}
	for _, opt := range opts {
		opt(&plan.options)
	}
	var a Assigner
	switch spec := any(spec).(type) {
	case EventTime[T]:
		spec.check(operator)
		a, plan.event = spec.Assigner, &spec
	case ItemAssigner[T]:
		plan.bounds = window.Bounds{Limit: spec.limit, Within: spec.within}
		if plan.weight, plan.last = spec.weight, spec.last; spec.weight == nil && spec.last == nil {
			panic("operators: " + operator + ": the zero ItemAssigner is invalid: use ByWeight or ByLast")
		}
		return plan
	case Assigner:
		if a = spec; a == (Assigner{}) {
			panic("operators: " + operator + ": the zero Assigner is invalid: use Tumbling, Sliding, BySession, ByCount or BySlidingCount")
		}
	}
	plan.grid = a.grid
	plan.bounds = window.Bounds{Limit: a.count, Step: a.step, Within: a.within, Gap: a.gap}
	return plan
}

// onGrid reports whether windows lie on a grid that all keys share.
func (p *windowPlan[T]) onGrid() bool { return p.grid.Size != 0 }

// plainCount reports whether only a count ends windows.
func (p *windowPlan[T]) plainCount() bool {
	return p.bounds.Limit != 0 && p.bounds.Step == 0 && p.weight == nil && p.last == nil && !p.timed() && p.options == windowOptions{}
}

// timed reports whether results depend on the system clock.
func (p *windowPlan[T]) timed() bool {
	switch {
	case p.options.earlyEvery != 0:
		return true
	case p.event != nil:
		return p.event.Idle != 0
	default:
		return p.onGrid() || p.bounds.Within != 0 || p.bounds.Gap != 0
	}
}

// holdsItems reports whether windows are sessions in event time, which hold their items.
func (p *windowPlan[T]) holdsItems() bool { return p.event != nil && !p.onGrid() }

// newWindows returns the windows of a subscription.
func (r *windowRun[T]) newWindows(newCells func() window.Cells, keyed bool) window.Windows {
	p, items := r.plan, &r.batch
	var windows window.Windows
	var lateness time.Duration
	if p.event != nil {
		lateness = p.event.Lateness
	}
	late := func(i int) { r.late.add(items.Items[i]) }
	switch {
	case p.onGrid():
		windows = window.NewAligned(newCells, r.positions, p.grid, lateness, late)
	case p.event != nil:
		windows = window.NewSessions(newCells(), r.positions, p.bounds.Gap, lateness, late)
	default:
		bounds := p.bounds
		if p.weight != nil {
			bounds.Weigh = func(i int) int { return max(p.weight(items.Items[i]), 0) }
		}
		if p.last != nil {
			bounds.Last = func(i int) bool { return p.last(items.Items[i]) }
		}
		windows = window.NewOpened(newCells(), keyed, r.positions, bounds, r.clock)
	}
	if p.event != nil {
		windows = window.NewWatermark(r.eventTime(), r.clock, r.positions, windows)
	}
	if n := p.options.earlyAfter; n != 0 {
		windows = window.NewEarlyItems(windows, n)
	}
	if d := p.options.earlyEvery; d != 0 {
		windows = window.NewEarlyTimer(windows, d)
	}
	return windows
}

// eventTime returns the EventTime of the plan for the items of the batch.
func (r *windowRun[T]) eventTime() window.EventTime {
	e, items := r.plan.event, &r.batch
	t := window.EventTime{
		Time:       func(i int) (window.Instant, bool) { return window.InstantOf(e.Timestamp(items.Items[i])) },
		OutOfOrder: e.OutOfOrder, Sources: e.Sources, Idle: e.Idle,
		Untimed: func(i int) bool {
			if e.Untimed == nil {
				r.failure = fmt.Errorf("operators: %s: an item has no usable time, it is %v: set EventTime.Untimed to skip such items", r.plan.operator, e.Timestamp(items.Items[i]))
				return false
			}
			e.Untimed(items.Items[i])
			return true
		},
	}
	if e.Source != nil {
		t.Source = func(i int) string { return e.Source(items.Items[i]) }
	}
	return t
}

// lateItems counts items that are too late for their windows, and logs or handles them.
type lateItems[T any] struct {
	operator string
	handle   func(T) // nil: log
	count    int     // since the previous result
	total    int
	logAt    int // the next total to log
}

func newLateItems[T any](p *windowPlan[T]) lateItems[T] {
	l := lateItems[T]{operator: p.operator, logAt: 1}
	if p.event != nil {
		l.handle = p.event.Late
	}
	return l
}

func (l *lateItems[T]) add(v T) {
	l.count++
	if l.handle != nil {
		l.handle(v)
		return
	}
	if l.total++; l.total < l.logAt {
		return
	}
	l.logAt *= 10
	slog.Warn("operators: "+l.operator+": items came too late for their windows and were dropped: raise EventTime.OutOfOrder or Lateness, set Source if streams are merged, or handle them with Late", "items", l.total)
}

// take returns the number of late items since the last call.
func (l *lateItems[T]) take() int {
	n := l.count
	l.count = 0
	return n
}
