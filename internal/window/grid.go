package window

import "time"

// A Grid defines the bounds of windows that all keys share: windows of one length, one every
// slide. Without a location, windows begin at multiples of the slide since the Unix epoch,
// plus the offset. With a location, size and slide are whole days, and windows begin when
// the clocks there show the offset past midnight. A window over a day on which the clocks
// change is shorter or longer than others.
type Grid struct {
	Size, Slide time.Duration
	Offset      time.Duration
	Location    *time.Location // nil: windows have one length
}

// day is a day on which the clocks do not change.
const day = 24 * time.Hour

// first returns the bounds of the earliest window that holds t.
func (g *Grid) first(t Instant) (start, end Instant) {
	if g.Location != nil {
		today := g.dayOf(t)
		return g.days(floorTo(today-int(g.Size/day), int(g.Slide/day)) + int(g.Slide/day))
	}
	start = g.floor(t)
	if g.Slide < g.Size {
		start = g.floor(t.Minus(g.Size)).Plus(g.Slide)
	}
	return start, start.Plus(g.Size)
}

// next returns the bounds of the window that begins one slide after start.
func (g *Grid) next(start Instant) (Instant, Instant) {
	if g.Location != nil {
		return g.days(g.dayOf(start) + int(g.Slide/day))
	}
	start = start.Plus(g.Slide)
	return start, start.Plus(g.Size)
}

// overlaps reports whether an item can be in several windows.
func (g *Grid) overlaps() bool { return g.Slide < g.Size }

func (g *Grid) floor(t Instant) Instant {
	if g.Offset == 0 {
		return t.Floor(g.Slide)
	}
	offset := Instant(g.Offset % g.Slide)
	return (t - offset).Floor(g.Slide) + offset
}

// days returns the bounds of the window that begins with a day.
func (g *Grid) days(first int) (start, end Instant) {
	return g.startOf(first), g.startOf(first + int(g.Size/day))
}

// monday is the first Monday, in days since the epoch. Weeks begin there.
const monday = 4

// dayOf returns the day that holds t, counted from a Monday.
func (g *Grid) dayOf(t Instant) int {
	local := t.Time().In(g.Location)
	_, seconds := local.Zone()
	today := int((t+Instant(seconds)*Instant(time.Second)).Floor(day)/Instant(day)) - monday - int(g.Offset/day)
	for g.startOf(today) > t {
		today--
	}
	for g.startOf(today+1) <= t {
		today++
	}
	return today
}

// startOf returns when a day begins: when the clocks first show the offset, or would have
// shown it if they had not been put forward past it.
func (g *Grid) startOf(daysSinceMonday int) Instant {
	wanted := time.Date(1970, 1, 1+monday+daysSinceMonday, 0, 0, 0, 0, time.UTC).Add(g.Offset)
	year, month, dayOfMonth := wanted.Date()
	hour, minute, second := wanted.Clock()
	t := time.Date(year, month, dayOfMonth, hour, minute, second, wanted.Nanosecond(), g.Location)
	zoneStart, zoneEnd := t.ZoneBounds()
	if shown := wallClock(t); shown < wallClock(wanted) { // skipped, and t is before the change
		return Instant(zoneEnd.UnixNano())
	} else if shown > wallClock(wanted) { // skipped, and t is after the change
		return Instant(zoneStart.UnixNano())
	}
	if zoneStart.IsZero() {
		return Instant(t.UnixNano())
	}
	// If the clocks were put back, they may have shown the same time before.
	_, now := t.Zone()
	_, before := zoneStart.Add(-1).Zone()
	if earlier := t.Add(time.Duration(now-before) * time.Second); earlier.Before(zoneStart) && before > now {
		t = earlier
	}
	return Instant(t.UnixNano())
}

// wallClock returns the time that the clocks show at t, as if it were UTC.
func wallClock(t time.Time) Instant {
	_, seconds := t.Zone()
	return Instant(t.UnixNano()) + Instant(seconds)*Instant(time.Second)
}

// floorTo returns the last multiple of d that is not after i.
func floorTo(i, d int) int {
	remainder := i % d
	if remainder < 0 {
		remainder += d
	}
	return i - remainder
}
