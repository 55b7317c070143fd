package window

import (
	"testing"
	"time"
	_ "time/tzdata" // the tests need these zones wherever they run

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// windowsAt returns the windows of a grid that hold t, from first on.
func windowsAt(g *Grid, t Instant) (bounds [][2]Instant) {
	for start, end := g.first(t); start <= t; start, end = g.next(start) {
		bounds = append(bounds, [2]Instant{start, end})
	}
	return bounds
}

// Days follow each other without a gap, and begin when the clocks first show the offset, also
// in zones that change their clocks at midnight, by half an hour, or by a whole day.
func TestGridOfDays(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"} {
		for _, offset := range []time.Duration{0, 2*time.Hour + 30*time.Minute, -24 * time.Hour} {
			t.Run(zone+" "+offset.String(), func(t *testing.T) {
				loc, err := time.LoadLocation(zone)
				require.NoError(t, err)
				g := &Grid{Size: day, Slide: day, Offset: offset, Location: loc}
				for _, year := range []int{2011, 2018} {
					begin := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC)
					previous, previousEnd := g.first(Instant(begin.UnixNano()))
					for at := begin; at.Year() == year; at = at.Add(3 * time.Hour) {
						start, end := g.first(Instant(at.UnixNano()))
						require.LessOrEqual(t, start, Instant(at.UnixNano()))
						require.Greater(t, end, Instant(at.UnixNano()))
						if start != previous {
							require.Equal(t, previousEnd, start, "no gap and no overlap at %v", at)
							checkDayStart(t, start.Time().In(loc), offset)
						}
						previous, previousEnd = start, end
					}
				}
			})
		}
	}
}

// checkDayStart requires that the clocks show the offset at start, or are put forward
// past it there.
func checkDayStart(t *testing.T, start time.Time, offset time.Duration) {
	t.Helper()
	shows := func(at time.Time) time.Duration {
		h, m, s := at.Clock()
		return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	}
	want := (offset%day + day) % day
	if shows(start) == want {
		earlier := start.Add(-time.Hour)
		assert.False(t, shows(earlier) == want && earlier.Day() == start.Day(), "the clocks showed it before %v", start)
		return
	}
	_, before := start.Add(-time.Nanosecond).Zone()
	_, after := start.Zone()
	assert.Greater(t, after, before, "%v does not show %v, so the clocks were put forward", start, want)
}

func TestGridOfWeeksBeginsOnMonday(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	g := &Grid{Size: 7 * day, Slide: 7 * day, Location: berlin}
	for _, at := range []time.Time{
		time.Date(2025, 3, 24, 0, 0, 0, 0, berlin), time.Date(2025, 3, 30, 23, 59, 59, 0, berlin), // the clocks change
		time.Date(1969, 12, 31, 12, 0, 0, 0, berlin),
	} {
		bounds := windowsAt(g, Instant(at.UnixNano()))
		require.Len(t, bounds, 1)
		start, end := bounds[0][0].Time().In(berlin), bounds[0][1].Time().In(berlin)
		assert.Equal(t, time.Monday, start.Weekday())
		assert.Equal(t, time.Monday, end.Weekday())
		assert.Zero(t, start.Hour())
		assert.Zero(t, end.Hour())
		assert.Equal(t, start.AddDate(0, 0, 7), end)
	}
	assert.Equal(t, 167*time.Hour, func() time.Duration {
		start, end := g.first(Instant(time.Date(2025, 3, 26, 0, 0, 0, 0, berlin).UnixNano()))
		return end.Since(start)
	}(), "an hour is missing in the week")
	sundays := &Grid{Size: 7 * day, Slide: 7 * day, Offset: -day, Location: berlin}
	start, _ := sundays.first(Instant(time.Date(2025, 6, 11, 0, 0, 0, 0, berlin).UnixNano()))
	assert.Equal(t, "Sun 2025-06-08 00:00", start.Time().In(berlin).Format("Mon 2006-01-02 15:04"))
}

func TestGridSlidesByDays(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	g := &Grid{Size: 3 * day, Slide: day, Location: berlin}
	var got []string
	for _, b := range windowsAt(g, Instant(time.Date(2025, 3, 30, 12, 0, 0, 0, berlin).UnixNano())) {
		got = append(got, b[0].Time().In(berlin).Format("0102T15")+"-"+b[1].Time().In(berlin).Format("0102T15"))
	}
	assert.Equal(t, []string{"0328T00-0331T00", "0329T00-0401T00", "0330T00-0402T00"}, got)
}

// Windows begin at the offset, which may be as short as a nanosecond.
func TestGridBeginsAtTheOffset(t *testing.T) {
	for _, row := range []struct {
		offset   time.Duration
		at, want Instant
	}{{0, 25, 20}, {1, 25, 21}, {1, 20, 11}, {-1, 19, 19}, {13, 25, 23}, {-13, -4, -13}} {
		start, end := (&Grid{Size: 10, Slide: 10, Offset: row.offset}).first(row.at)
		assert.Equal(t, row.want, start, "offset %d, at %d", row.offset, row.at)
		assert.Equal(t, row.want+10, end)
	}
}

// A day that begins before midnight holds its first instant.
func TestGridOfDaysThatBeginBeforeMidnight(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	g := &Grid{Size: day, Slide: day, Offset: -2 * time.Hour, Location: berlin}
	begin := time.Date(2025, 6, 10, 22, 0, 0, 0, berlin)
	for _, at := range []time.Time{begin, begin.Add(time.Hour), begin.Add(3 * time.Hour), begin.Add(24*time.Hour - 1)} {
		start, end := g.first(Instant(at.UnixNano()))
		assert.Equal(t, Instant(begin.UnixNano()), start, at)
		assert.Equal(t, start.Plus(day), end, at)
	}
}
