package operators

import (
	"fmt"
	"time"
)

// An Assigner says which windows an item belongs to: [Tumbling], [Sliding],
// [Session], [Count] or [CountOrTime]. It is a value, used by any number of
// operators and subscriptions; the zero Assigner assigns nothing, and operators
// panic when they are given it.
//
// Over time the windows of Tumbling and Sliding are aligned to the Unix epoch and
// the same for all keys; the others begin with an item, for each key by itself.
// The time is that at which the operator takes the item (processing time) unless
// an [EventTime] says otherwise. The clock is read once and then followed
// monotonically, so windows keep their length when it is set while a subscription
// runs.
type Assigner struct {
	size, slide time.Duration // windows of this length, one each slide
	count       int           // windows of this many items
	span        time.Duration // windows that end so long after their first item
	gap         time.Duration // windows that end so long after their newest item
}

// Tumbling assigns items to windows of a fixed length that follow each other
// without overlap: with a size of a minute they begin with the minute of the
// clock. A size that is not positive panics.
func Tumbling(size time.Duration) Assigner {
	mustBePositive("Tumbling: size", size)
	return Assigner{size: size, slide: size}
}

// Sliding assigns items to windows of a fixed length of which one begins each
// slide: an item at t is in every window with start <= t < end, and counted as
// often. With a size of a minute and a slide of ten seconds that is six windows,
// which is also how often the item is held or folded. A slide that is not
// positive, or longer than size, so that items would fall between the windows,
// panics.
func Sliding(size, slide time.Duration) Assigner {
	mustBePositive("Sliding: size", size)
	if slide <= 0 || slide > size {
		panic(fmt.Sprintf("operators: Sliding: slide must be positive and at most size (%v), got %v", size, slide))
	}
	return Assigner{size: size, slide: slide}
}

// Session assigns items to the same window for as long as less than gap passes
// between one and the next. The window ends gap after its newest item. A gap that
// is not positive panics.
func Session(gap time.Duration) Assigner {
	mustBePositive("Session: gap", gap)
	return Assigner{gap: gap}
}

// Count assigns every n consecutive items to a window. An n that is not positive
// panics.
func Count(n int) Assigner {
	mustCount("Count", n)
	return Assigner{count: n}
}

// CountOrTime assigns consecutive items to a window that closes with its n-th
// item or d after its first, whichever comes first. An n or d that is not
// positive panics.
func CountOrTime(n int, d time.Duration) Assigner {
	mustCount("CountOrTime", n)
	mustBePositive("CountOrTime: d", d)
	return Assigner{count: n, span: d}
}

// aligned reports whether windows lie on a grid that all keys share.
func (a Assigner) aligned() bool { return a.size > 0 }

// timed reports whether the windows of a close by the clock.
func (a Assigner) timed() bool { return a.size > 0 || a.span > 0 || a.gap > 0 }

// Windowing is what says which windows the items of a stream of T belong to: an
// [Assigner] by the time at which they come, an [EventTime] by the time they
// carry.
type Windowing[T any] interface {
	Assigner | EventTime[T]
}

// windowing tells the two apart, and panics if what it is given makes no sense.
// The EventTime is nil for processing time.
func windowing[T any, W Windowing[T]](operator string, w W) (Assigner, *EventTime[T]) {
	switch w := any(w).(type) {
	case EventTime[T]:
		w.check(operator)
		return w.Assigner, &w
	case Assigner:
		if w == (Assigner{}) {
			panic("operators: " + operator + ": the zero Assigner assigns nothing: use Tumbling, Sliding, Session, Count or CountOrTime")
		}
		return w, nil
	default:
		panic("unreachable: Windowing has two members")
	}
}

func mustCount(assigner string, n int) {
	if n <= 0 {
		panic(fmt.Sprintf("operators: %s: n must be positive, got %d", assigner, n))
	}
}
