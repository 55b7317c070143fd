package operators

import (
	"fmt"
	"time"

	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/window"
)

// An Assigner decides which windows an item belongs to: [Tumbling], [Sliding], [BySession],
// [ByCount] or [BySlidingCount]. It is an immutable value that operators and subscriptions
// can share. The zero Assigner is invalid; operators panic on it.
//
// The windows of Tumbling and Sliding are aligned to a grid, the same for all keys. Other
// windows begin with an item, separately for each key. The time of an item is when the
// operator takes it (processing time), unless an [EventTime] is used. The wall clock is
// read once per subscription and advanced monotonically from there, so setting the clock
// does not change the length of windows.
type Assigner struct {
	grid   window.Grid
	count  int           // number of items in a window
	step   int           // a window begins every step items
	within time.Duration // windows end this long after their first item
	gap    time.Duration // windows end this long after their newest item
}

// Tumbling assigns items to windows of a fixed length that follow each other without
// overlap. Windows begin at multiples of size since the Unix epoch: with a size of a
// minute, at each full minute. Tumbling panics if size is not positive.
func Tumbling(size time.Duration) Assigner {
	argument.MustBePositive("operators: Tumbling: size", size)
	return Assigner{grid: window.Grid{Size: size, Slide: size}}
}

// Sliding assigns items to windows of a fixed length, starting a window every slide. An
// item at t is in every window with start <= t < end. With a size of a minute and a slide
// of ten seconds, that is six windows, and each item is held or folded six times.
//
// Sliding panics if size or slide is not positive, or if slide is longer than size, because
// items between the windows would be lost.
func Sliding(size, slide time.Duration) Assigner {
	argument.MustBePositive("operators: Sliding: size", size)
	if slide <= 0 || slide > size {
		panic(fmt.Sprintf("operators: Sliding: slide must be positive and at most size (%v), got %v", size, slide))
	}
	return Assigner{grid: window.Grid{Size: size, Slide: slide}}
}

// BySession assigns items to the same window while less than gap passes between one and
// the next. The window ends gap after its newest item. BySession panics if gap is not
// positive.
func BySession(gap time.Duration) Assigner {
	argument.MustBePositive("operators: BySession: gap", gap)
	return Assigner{gap: gap}
}

// ByCount assigns each n consecutive items to a window. To limit how long a window waits
// for its n-th item, use [Assigner.Within]. ByCount panics if n is not positive.
func ByCount(n int) Assigner {
	argument.MustBePositive("operators: ByCount: n", n)
	return Assigner{count: n}
}

// BySlidingCount assigns items to windows of n items, starting a window every step items.
// With n = 100 and step = 10, each window holds the last 100 items, ten of them new, and
// each item is held or folded ten times. The first window is delivered when it has n items.
// BySlidingCount panics if n or step is not positive, or if step is larger than n, because
// items between the windows would be lost.
func BySlidingCount(n, step int) Assigner {
	argument.MustBePositive("operators: BySlidingCount: n", n)
	if step <= 0 || step > n {
		panic(fmt.Sprintf("operators: BySlidingCount: step must be positive and at most n (%d), got %d", n, step))
	}
	if step == n {
		step = 0
	}
	return Assigner{count: n, step: step}
}

// Within limits the duration of a window by count: it closes at the latest d after its
// first item, with the items it then has. Within panics if d is not positive, and for
// windows over time.
func (a Assigner) Within(d time.Duration) Assigner {
	if a.count == 0 {
		panic("operators: Within is for windows by count; Tumbling, Sliding and BySession end by time anyway")
	}
	argument.MustBePositive("operators: Within: d", d)
	a.within = d
	return a
}

// Offset shifts the windows of Tumbling and Sliding by d: Tumbling(time.Hour) with an
// offset of 15 minutes begins windows at a quarter past each hour. d can be negative. For
// days and weeks in a time zone, see [Assigner.In]. Offset panics for other windows.
func (a Assigner) Offset(d time.Duration) Assigner {
	if !a.aligned() {
		panic("operators: Offset is for Tumbling and Sliding; other windows begin with an item")
	}
	a.grid.Offset = d
	return a
}

// In aligns windows over days to the calendar of loc. Each begins there at midnight, or at
// the time of day given by [Assigner.Offset], such as 6 hours. A window over a day on which
// the clocks change has 23 or 25 hours. If the clocks skip midnight, the window begins when
// they are put forward; if midnight occurs twice, at the first one. Windows over weeks
// begin on Mondays; with an offset of -24 hours, on Sundays.
//
//	operators.Tumbling(24 * time.Hour).In(berlin)                    // days
//	operators.Sliding(7*24*time.Hour, 24*time.Hour).In(berlin)       // the last seven days, each day
//	operators.Tumbling(24 * time.Hour).In(berlin).Offset(6*time.Hour) // from 6 to 6 o'clock
//
// In panics if loc is nil, or if the size or the slide is not a multiple of 24 hours.
func (a Assigner) In(loc *time.Location) Assigner {
	const day = 24 * time.Hour
	mustNotBeNil("In: loc", loc == nil)
	if !a.aligned() || a.grid.Size%day != 0 || a.grid.Slide%day != 0 {
		panic("operators: In is for Tumbling and Sliding over whole days of 24 hours")
	}
	a.grid.Location = loc
	return a
}

// aligned reports whether windows lie on a grid that all keys share.
func (a Assigner) aligned() bool { return a.grid.Size != 0 }

// An ItemAssigner decides by the items themselves when a window closes: [ByWeight] or
// [ByLast]. Windows begin with an item, separately for each key. The zero ItemAssigner is
// invalid; operators panic on it.
type ItemAssigner[T any] struct {
	weight func(T) int
	last   func(T) bool
	limit  int
	within time.Duration
}

// ByWeight assigns consecutive items to a window while the sum of their weights is at most
// limit. An item that does not fit closes the window and begins the next one; a window that
// is exactly full closes at once. An item that weighs more than limit gets its own window.
// A negative weight counts as 0.
//
//	operators.ByWeight(1<<20, func(e codec.Event) int { return len(e.Data) }) // at most 1 MiB
//
// ByWeight panics if limit is not positive or weight is nil.
func ByWeight[T any](limit int, weight func(T) int) ItemAssigner[T] {
	argument.MustBePositive("operators: ByWeight: limit", limit)
	mustNotBeNil("ByWeight: weight", weight == nil)
	return ItemAssigner[T]{limit: limit, weight: weight}
}

// ByLast assigns consecutive items to a window, up to and including an item for which
// isLast returns true, such as the end of a message or of a batch. ByLast panics if isLast
// is nil.
func ByLast[T any](isLast func(T) bool) ItemAssigner[T] {
	mustNotBeNil("ByLast: isLast", isLast == nil)
	return ItemAssigner[T]{last: isLast}
}

// Within limits the duration of a window: it closes at the latest d after its first item.
// Within panics if d is not positive.
func (a ItemAssigner[T]) Within(d time.Duration) ItemAssigner[T] {
	argument.MustBePositive("operators: Within: d", d)
	a.within = d
	return a
}

// AtMost limits the number of items in a window of [ByLast]: it closes at the latest with
// its n-th item. AtMost panics if n is not positive, and for ByWeight.
func (a ItemAssigner[T]) AtMost(n int) ItemAssigner[T] {
	argument.MustBePositive("operators: AtMost: n", n)
	if a.weight != nil {
		panic("operators: AtMost is for ByLast; ByWeight has a limit")
	}
	a.limit = n
	return a
}

// A WindowSpec decides which windows the items of a stream of T belong to: an [Assigner],
// an [ItemAssigner], or an [EventTime], which assigns items by the time that they carry.
type WindowSpec[T any] interface {
	Assigner | ItemAssigner[T] | EventTime[T]
}
