package operators

import "github.com/rxsse/rxsse"

// A windowKind is what Window, Aggregate and AggregateBy do not have in common:
// what they hold of the items of a window, and what they make of it.
type windowKind[T, R any, K comparable, A any] struct {
	key      func(T) K // nil: all items have the same
	fold     fold[T, A]
	result   func(key K, start, end instant, acc A) R
	contents func() contents[T, R] // nil: accumulators
}

// windowed applies a kind of windows to src. The event is nil for processing time.
func windowed[T, R any, K comparable, A any](src rxsse.Observable[T], a Assigner, event *EventTime[T], kind windowKind[T, R, K, A]) rxsse.Observable[R] {
	if kind.contents == nil {
		kind.contents = kind.accumulators
	}
	if event != nil {
		start := func(clk clock) windower[T, R] {
			return newWatermark(*event, clk, kind.eventWindower(*event))
		}
		if event.Idle == 0 {
			return windowUntimed(src, start)
		}
		return windowTimed(src, start)
	}
	start := func(clk clock) windower[T, R] { return kind.windower(a, clk) }
	if a.timed() {
		return windowTimed(src, start)
	}
	return windowUntimed(src, start)
}

// windower starts windows of processing time.
func (kind windowKind[T, R, K, A]) windower(a Assigner, clk clock) windower[T, R] {
	if a.aligned() {
		return &alignedWindows[T, R]{size: a.size, slide: a.slide, now: longAgo, new: kind.contents}
	}
	return &keyedWindows[T, R, K, A]{
		fold:   kind.fold,
		key:    kind.key,
		clock:  clk,
		count:  a.count,
		span:   max(a.span, a.gap),
		slide:  a.gap > 0,
		result: kind.result,
		open:   make(map[K]*keyedWindow[K, A]),
	}
}

// eventWindower starts windows of event time.
func (kind windowKind[T, R, K, A]) eventWindower(event EventTime[T]) windower[T, R] {
	late := event.Late
	if late == nil {
		late = func(T) {}
	}
	a := event.Assigner
	if a.aligned() {
		return &alignedWindows[T, R]{
			size: a.size, slide: a.slide, lateness: event.Lateness, late: late,
			now: longAgo, new: kind.contents,
		}
	}
	key := kind.key
	if key == nil {
		key = func(T) (only K) { return only }
	}
	return &eventSessions[T, R, K, A]{
		gap: a.gap, lateness: event.Lateness, late: late,
		key: key, fold: kind.fold, result: kind.result,
		now: longAgo, held: make(map[K]*session[T, K]),
	}
}

// accumulators starts the contents of a window that all keys share.
func (kind windowKind[T, R, K, A]) accumulators() contents[T, R] {
	if kind.key == nil {
		return &foldContents[T, R, K, A]{fold: kind.fold, result: kind.result}
	}
	return &keyedContents[T, R, K, A]{
		key: kind.key, fold: kind.fold, result: kind.result,
		index: make(map[K]int),
	}
}
