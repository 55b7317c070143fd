package operators

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/rxsse/rxsse/internal/window"
)

// A WindowOption changes how [Window], [Aggregate] and [AggregateBy] deliver results.
type WindowOption func(*windowOptions)

type windowOptions struct {
	earlyEvery time.Duration
	earlyAfter int
	state      *State
}

// WithEarlyEvery delivers windows while they are still open too, for a live display: d
// after an item has changed a window, in the time of the machine. Such a result has Early
// set, and the items so far; a key that has not changed is not delivered again. When the
// window closes, it is delivered as always. WithEarlyEvery panics if d is not positive.
func WithEarlyEvery(d time.Duration) WindowOption {
	mustBePositive("WithEarlyEvery: d", d)
	return func(o *windowOptions) { o.earlyEvery = d }
}

// WithEarlyAfter is [WithEarlyEvery] by the number of items: open windows that have
// changed are delivered after every n items of the stream. WithEarlyAfter panics if n is
// not positive.
func WithEarlyAfter(n int) WindowOption {
	mustBePositive("WithEarlyAfter: n", n)
	return func(o *windowOptions) { o.earlyAfter = n }
}

// A windowPlan is a valid [WindowSpec] with its options.
type windowPlan[T any] struct {
	operator string
	grid     window.Grid      // if windows lie on one
	bounds   window.Bounds[T] // else: what ends windows, unless they are sessions in event time
	event    *EventTime[T]    // nil: processing time
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
		if plan.bounds = spec.bounds; spec.bounds.Limit == 0 && spec.bounds.Last == nil {
			panic("operators: " + operator + ": the zero ItemAssigner is invalid: use ByWeight or ByLast")
		}
		return plan
	case Assigner:
		if a = spec; a == (Assigner{}) {
			panic("operators: " + operator + ": the zero Assigner is invalid: use Tumbling, Sliding, BySession, ByCount or BySlidingCount")
		}
	}
	plan.grid = a.grid
	plan.bounds = window.Bounds[T]{Limit: a.count, Step: a.step, Within: a.within, Gap: a.gap}
	return plan
}

// onGrid reports whether windows lie on a grid that all keys share.
func (p *windowPlan[T]) onGrid() bool { return p.grid.Size > 0 }

// plainCount reports whether nothing but a count ends windows.
func (p *windowPlan[T]) plainCount() bool {
	b := &p.bounds
	return p.event == nil && b.Limit > 0 && b.Weigh == nil && b.Step == 0 && b.Last == nil && b.Within == 0 && p.options == windowOptions{}
}

// timed reports whether results depend on the clock of the machine.
func (p *windowPlan[T]) timed() bool {
	switch {
	case p.options.earlyEvery > 0:
		return true
	case p.event != nil:
		return p.event.Idle > 0
	default:
		return p.onGrid() || p.bounds.Within > 0 || p.bounds.Gap > 0
	}
}

// newWindows starts the windows of one subscription. fail ends it with an error.
func newWindows[T any, K comparable, A any](p *windowPlan[T], config window.Config[T, K, A], clock window.Clock, late *lateItems[T], fail func(error)) window.Windows[T] {
	var windows window.Windows[T]
	var lateness time.Duration
	if p.event != nil {
		lateness = p.event.Lateness
	}
	switch {
	case p.onGrid():
		windows = window.NewAligned(config, p.grid, lateness, late.add)
	case p.event != nil:
		windows = window.NewSessions(config, p.bounds.Gap, lateness, late.add)
	default:
		windows = window.NewOpened(config, p.bounds, clock)
	}
	if e := p.event; e != nil {
		windows = window.NewWatermark(window.EventTime[T]{
			Timestamp: e.Timestamp, OutOfOrder: e.OutOfOrder, Source: e.Source, Sources: e.Sources, Idle: e.Idle,
			Untimed: func(v T) bool {
				if e.Untimed == nil {
					fail(fmt.Errorf("operators: %s: an item has no usable time, it is %v: set EventTime.Untimed to skip such items", p.operator, e.Timestamp(v)))
					return false
				}
				e.Untimed(v)
				return true
			},
		}, clock, config.Positions, windows)
	}
	if n := p.options.earlyAfter; n > 0 {
		windows = window.NewEarlyItems(windows, n)
	}
	if d := p.options.earlyEvery; d > 0 {
		windows = window.NewEarlyTimer(windows, d)
	}
	return windows
}

// lateItems deals with items that are too late for their windows.
type lateItems[T any] struct {
	operator string
	handle   func(T) // nil: log
	count    int     // since the previous result
	total    int
	logAt    int // the next total to log
}

func newLateItems[T any](p *windowPlan[T]) *lateItems[T] {
	l := &lateItems[T]{operator: p.operator, logAt: 1}
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
	if l.logAt *= 10; l.logAt < 0 {
		l.logAt = math.MaxInt
	}
	slog.Warn("operators: "+l.operator+": items came too late for their windows and were dropped: raise EventTime.OutOfOrder or Lateness, set Source if streams are merged, or handle them with Late", "items", l.total)
}

// take returns how many items were too late since the last call.
func (l *lateItems[T]) take() int {
	n := l.count
	l.count = 0
	return n
}
