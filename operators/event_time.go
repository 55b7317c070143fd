//nolint:unused // the methods are called through windower, which the linter does not follow: it is generic
package operators

import (
	"fmt"
	"time"
)

// An EventTime assigns items to windows by the time they carry, whenever and in
// whatever order they come: for [Window], [Aggregate] and [AggregateBy], in place
// of an [Assigner].
//
//	operators.EventTime[Trade]{
//		Assigner:   operators.Tumbling(time.Minute),
//		Timestamp:  func(t Trade) time.Time { return t.Time },
//		OutOfOrder: 5 * time.Second,
//	}
//
// How far time has come is told by the items: the watermark is the newest
// timestamp so far less OutOfOrder, and a window closes when the watermark reaches
// its end. That makes results independent of when items come, but for items later
// than OutOfOrder and Lateness allow, which Late gets.
//
// A single timestamp in the far future makes all items late that follow it: drop
// what cannot be before it comes here. Timestamps before 1823 or after 2116 count
// as these years.
//
// Windows whose bounds are the same close in the order in which their keys came,
// others in the order of their ends. Sessions hold their items, also for Aggregate
// and AggregateBy, because an item may come that joins two of them; the items of
// sessions that were joined follow each other.
type EventTime[T any] struct {
	// Assigner is Tumbling, Sliding or Session.
	Assigner Assigner
	// Timestamp returns the time of an item.
	Timestamp func(T) time.Time
	// OutOfOrder is how much older than the newest an item may be and still be in
	// time: windows stay open so much longer. Default 0: items come in order.
	OutOfOrder time.Duration
	// Lateness is for how long, in event time, a window that was delivered is held
	// for items that come after all. Each of them has its window delivered again,
	// whole, with the same bounds (a session's may have grown); of a keyed
	// aggregation only the item's key. What an accumulator points to is shared by
	// these deliveries. Default 0: a window is delivered once.
	Lateness time.Duration
	// Late is called with each item that comes when all its windows are gone, on
	// the goroutine that ranges. Default: such items are dropped.
	Late func(T)
	// Idle is for how long the source may be silent. After that the watermark moves
	// on with the clock of the machine, by as much as the silence has lasted, so that
	// the last windows before a pause close. Default 0: only items move the watermark.
	Idle time.Duration
}

// check panics if e makes no sense.
func (e EventTime[T]) check(operator string) {
	prefix := "operators: " + operator + ": EventTime: "
	if !e.Assigner.aligned() && e.Assigner.gap == 0 {
		panic(prefix + "Assigner must be Tumbling, Sliding or Session: the others do not ask for the time of an item")
	}
	if e.Timestamp == nil {
		panic(prefix + "Timestamp must not be nil")
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"OutOfOrder", e.OutOfOrder}, {"Lateness", e.Lateness}, {"Idle", e.Idle}} {
		if d.value < 0 {
			panic(fmt.Sprintf("%s%s must not be negative, got %v", prefix, d.field, d.value))
		}
	}
}

// A watermark drives a windower by the time that items carry.
type watermark[T, R any] struct {
	event EventTime[T]
	w     windower[T, R] // its instants are event time
	clock clock

	at    instant // the watermark
	heard instant // when the silence began, less what did not count
	base  instant // the watermark then
}

func newWatermark[T, R any](event EventTime[T], clk clock, w windower[T, R]) *watermark[T, R] {
	return &watermark[T, R]{event: event, w: w, clock: clk, at: longAgo, base: longAgo}
}

func (m *watermark[T, R]) add(now instant, items []T, send func(R) bool) bool {
	for i := range items {
		t := instantOf(m.event.Timestamp(items[i]))
		m.w.add(t, items[i:i+1], send)
		m.at = max(m.at, t.minus(m.event.OutOfOrder))
		if !m.w.advance(m.at, send) {
			return false
		}
	}
	m.base = m.at
	m.heard = now.plus(m.busy(now))
	return true
}

// busy returns for how long the consumer has been busy with what it was delivered
// since now: nobody listened then, so that it was no silence.
func (m *watermark[T, R]) busy(now instant) time.Duration {
	if m.event.Idle == 0 {
		return 0
	}
	return m.clock.at(time.Now()).since(now)
}

func (m *watermark[T, R]) advance(now instant, send func(R) bool) bool {
	if m.event.Idle == 0 || m.base == longAgo || now < m.heard.plus(m.event.Idle) {
		return true
	}
	m.at = max(m.at, m.base.plus(now.since(m.heard)))
	if !m.w.advance(m.at, send) {
		return false
	}
	m.heard = m.heard.plus(m.busy(now))
	return true
}

// next returns when the silence of the source will have lasted long enough to
// close a window.
func (m *watermark[T, R]) next() instant {
	closes := m.w.next()
	if m.event.Idle == 0 || closes == never {
		return never
	}
	return m.heard.plus(max(m.event.Idle, closes.since(m.base)))
}

func (m *watermark[T, R]) flush(send func(R) bool) bool { return m.w.flush(send) }
