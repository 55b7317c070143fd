package operators

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

// A reading carries its time, in milliseconds since the epoch.
type reading struct {
	id, sensor int
	at         int64
}

func (r reading) time() time.Time { return time.UnixMilli(r.at) }

// A span is a window of readings for the oracle: bounds in milliseconds and the sorted ids
// of the items.
type span struct {
	start, end int64
	ids        string
}

func spanOf(start, end int64, readings []reading) span {
	ids := make([]int, 0, len(readings))
	for _, r := range readings {
		ids = append(ids, r.id)
	}
	slices.Sort(ids)
	return span{start, end, fmt.Sprint(ids)}
}

// sortThenWindow is the oracle: it sorts all readings by time and then splits them into
// windows, in the order of their ends.
func sortThenWindow(readings []reading, a Assigner) []span {
	readings = slices.Clone(readings)
	slices.SortStableFunc(readings, func(a, b reading) int { return cmp.Compare(a.at, b.at) })
	if a.gap > 0 {
		return sortThenSession(readings, a.gap.Milliseconds())
	}
	if len(readings) == 0 {
		return nil
	}
	size, slide, offset := a.grid.Size.Milliseconds(), a.grid.Slide.Milliseconds(), a.grid.Offset.Milliseconds()
	var spans []span
	first, last := readings[0].at, readings[len(readings)-1].at
	for start := (first-size-offset)/slide*slide + offset; start <= last; start += slide {
		var in []reading
		for _, r := range readings {
			if start <= r.at && r.at < start+size {
				in = append(in, r)
			}
		}
		if len(in) > 0 {
			spans = append(spans, spanOf(start, start+size, in))
		}
	}
	return spans
}

func sortThenSession(sorted []reading, gap int64) (spans []span) {
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].at-sorted[n-1].at < gap {
			n++
		}
		spans = append(spans, spanOf(sorted[0].at, sorted[n-1].at+gap, sorted[:n]))
		sorted = sorted[n:]
	}
	return spans
}

// outOfOrder makes readings, none older than the newest before it by more than bound.
func outOfOrder(random *rand.Rand, bound int64) []reading {
	readings := make([]reading, random.IntN(60))
	newest := int64(1_000_000)
	for i := range readings {
		at := newest - random.Int64N(bound+1)
		if random.IntN(3) == 0 {
			at = newest + random.Int64N(40)
		}
		newest = max(newest, at)
		readings[i] = reading{id: i, sensor: random.IntN(4), at: at}
	}
	return readings
}

// eventAssigners are the windows to try, and for each a name.
func eventAssigners() map[string]Assigner {
	const ms = time.Millisecond
	return map[string]Assigner{
		"Tumbling":                           Tumbling(20 * ms),
		"Sliding":                            Sliding(20*ms, 5*ms),
		"Sliding that does not divide":       Sliding(21*ms, 8*ms),
		"Tumbling with an offset":            Tumbling(20 * ms).Offset(7 * ms),
		"Sliding with an offset":             Sliding(21*ms, 8*ms).Offset(-3 * ms),
		"BySession":                          BySession(7 * ms),
		"BySession longer than the disorder": BySession(60 * ms),
	}
}

const rounds = 1_000

func TestEventTimeEqualsSortThenWindow(t *testing.T) {
	const bound = 50
	for name, a := range eventAssigners() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(rounds) {
				readings := outOfOrder(rand.New(rand.NewPCG(seed, 1)), bound)
				event := EventTime[reading]{
					Assigner:   a,
					Timestamp:  reading.time,
					OutOfOrder: bound * time.Millisecond,
					Late:       func(r reading) { t.Errorf("seed %d: %v is late", seed, r) },
				}
				var got []span
				for _, w := range collect(t, Window(from(readings...), event)) {
					got = append(got, spanOf(w.Start.UnixMilli(), w.End.UnixMilli(), w.Items))
				}
				require.Equal(t, sortThenWindow(readings, a), got, "seed %d: %v", seed, readings)
			}
		})
	}
}

// An item later than OutOfOrder delivers its window again during Lateness. With enough
// Lateness, the last delivery of each window is correct.
func TestEventTimeLatenessCorrectsWindows(t *testing.T) {
	const disorder = 50
	for name, a := range eventAssigners() {
		t.Run(name, func(t *testing.T) {
			corrected := 0
			for seed := range uint64(rounds) {
				readings := outOfOrder(rand.New(rand.NewPCG(seed, 2)), disorder)
				event := EventTime[reading]{
					Assigner:   a,
					Timestamp:  reading.time,
					OutOfOrder: 5 * time.Millisecond,
					Lateness:   disorder * time.Millisecond,
					Late:       func(r reading) { t.Errorf("seed %d: %v is late", seed, r) },
				}
				var got []span
				for _, w := range collect(t, Window(from(readings...), event)) {
					s := spanOf(w.Start.UnixMilli(), w.End.UnixMilli(), w.Items)
					before := len(got)
					got = slices.DeleteFunc(got, func(old span) bool {
						if a.gap > 0 {
							return s.start <= old.start && old.end <= s.end
						}
						return s.start == old.start
					})
					corrected += before - len(got)
					got = append(got, s)
				}
				slices.SortFunc(got, func(a, b span) int { return cmp.Compare(a.start, b.start) })
				require.Equal(t, sortThenWindow(readings, a), got, "seed %d: %v", seed, readings)
			}
			assert.NotZero(t, corrected, "windows delivered again")
		})
	}
}

// An item is late exactly if the watermark has passed the end of its last window when it
// arrives, and then it is in no window.
func TestEventTimeHandsOverWhatIsLate(t *testing.T) {
	a := Sliding(20*time.Millisecond, 5*time.Millisecond)
	total := 0
	for seed := range uint64(rounds) {
		readings := outOfOrder(rand.New(rand.NewPCG(seed, 3)), 80)
		var late, want []int
		watermark := int64(-1 << 60)
		for _, r := range readings {
			if r.at-r.at%5+20 <= watermark {
				want = append(want, r.id)
			}
			watermark = max(watermark, r.at-10)
		}
		windows := collect(t, Window(from(readings...), EventTime[reading]{
			Assigner:   a,
			Timestamp:  reading.time,
			OutOfOrder: 10 * time.Millisecond,
			Late:       func(r reading) { late = append(late, r.id) },
		}))
		require.Equal(t, want, late, "seed %d: %v", seed, readings)
		delivered := map[int]bool{}
		for _, w := range windows {
			for _, r := range w.Items {
				delivered[r.id] = true
			}
		}
		require.Len(t, delivered, len(readings)-len(late), "seed %d: every item is in a window or late", seed)
		total += len(late)
	}
	assert.NotZero(t, total)
}

// deliveries feeds readings at once and draws the windows delivered after each, and at the
// end of the stream.
func deliveries(t *testing.T, event EventTime[reading], readings ...reading) []string {
	t.Helper()
	event.Timestamp = reading.time
	got := []string{""}
	src := Tap(from(readings...), func(reading) { got = append(got, "") })
	for w, err := range Window(src, event)(t.Context()) {
		require.NoError(t, err)
		s := spanOf(w.Start.UnixMilli(), w.End.UnixMilli(), w.Items)
		got[len(got)-1] += fmt.Sprintf("%v[%d,%d)", s.ids, s.start, s.end)
	}
	return got[1:]
}

func TestEventTimeDeliveries(t *testing.T) {
	const ms = time.Millisecond
	at := func(times ...int64) (readings []reading) {
		for i, at := range times {
			readings = append(readings, reading{id: i, at: at})
		}
		return readings
	}
	for _, row := range []struct {
		name  string
		event EventTime[reading]
		times []int64
		want  []string // of each item, the last one's with those of the end
	}{
		{
			"the watermark at the end closes the window",
			EventTime[reading]{Assigner: Tumbling(10 * ms), OutOfOrder: 5 * ms},
			[]int64{1, 14, 9, 15, 16},
			[]string{"", "", "", "[0 2][0,10)", "[1 3 4][10,20)"},
		},
		{
			"an item may close several windows",
			EventTime[reading]{Assigner: Tumbling(10 * ms), OutOfOrder: 10 * ms},
			[]int64{12, 3, 33},
			[]string{"", "", "[1][0,10)[0][10,20)[2][30,40)"},
		},
		{
			"a late item has its window delivered again",
			EventTime[reading]{Assigner: Tumbling(10 * ms), Lateness: 5 * ms},
			[]int64{1, 10, 2, 14, 3, 15, 4},
			[]string{"", "[0][0,10)", "[0 2][0,10)", "", "[0 2 4][0,10)", "", "[1 3 5][10,20)"},
		},
		{
			"a late item may be the first of its window",
			EventTime[reading]{Assigner: Tumbling(10 * ms), Lateness: 5 * ms},
			[]int64{12, 2, 3},
			[]string{"", "[1][0,10)", "[1 2][0,10)[0][10,20)"},
		},
		{
			"an item at the very end of a session begins another",
			EventTime[reading]{Assigner: BySession(5 * ms), OutOfOrder: 100 * ms},
			[]int64{10, 15, 5},
			[]string{"", "", "[2][5,10)[0][10,15)[1][15,20)"},
		},
		{
			"an item between two sessions joins them",
			EventTime[reading]{Assigner: BySession(5 * ms), OutOfOrder: 100 * ms},
			[]int64{10, 18, 14},
			[]string{"", "", "[0 1 2][10,23)"},
		},
		{
			"a late item joins a session that was delivered to one that was not",
			EventTime[reading]{Assigner: BySession(5 * ms), Lateness: 100 * ms},
			[]int64{10, 18, 14, 30},
			[]string{"", "[0][10,15)", "", "[0 1 2][10,23)[3][30,35)"},
		},
		{
			"a late item moves the end of its session",
			EventTime[reading]{Assigner: BySession(5 * ms), Lateness: 20 * ms},
			[]int64{10, 15, 14, 18, 19},
			[]string{"", "[0][10,15)", "", "", "[0 1 2 3 4][10,24)"},
		},
		{
			"times before the epoch",
			EventTime[reading]{Assigner: Tumbling(10 * ms)},
			[]int64{-11, -1, 0},
			[]string{"", "[0][-20,-10)", "[1][-10,0)[2][0,10)"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, deliveries(t, row.event, at(row.times...)...))
		})
	}
}

// Items without a usable time go to the handler and open no window.
func TestEventTimeUntimed(t *testing.T) {
	times := []time.Time{{}, time.Unix(1<<62, 0), time.Unix(-1<<62, 0), time.Unix(5, 0), time.Date(1823, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(6, 0)}
	for name, a := range eventAssigners() {
		t.Run(name, func(t *testing.T) {
			event := EventTime[int]{Assigner: a, Timestamp: func(i int) time.Time { return times[i] }, OutOfOrder: time.Hour}
			var untimed []int
			event.Untimed = func(i int) { untimed = append(untimed, i) }
			inWindows := map[int]bool{}
			for _, w := range collect(t, Window(from(0, 1, 2, 3, 4, 5), event)) {
				for _, i := range w.Items {
					inWindows[i] = true
				}
			}
			assert.Equal(t, []int{0, 1, 2, 4}, untimed)
			assert.Equal(t, map[int]bool{3: true, 5: true}, inWindows)
		})
	}
	t.Run("no handler", func(t *testing.T) {
		event := EventTime[int]{Assigner: Tumbling(time.Second), Timestamp: func(i int) time.Time { return times[i] }}
		windows := 0
		var failure error
		for _, err := range Window(from(3, 0, 5), event)(t.Context()) {
			if failure = err; err == nil {
				windows++
			}
		}
		require.ErrorContains(t, failure, "operators: Window: an item has no usable time, it is 0001-01-01 00:00:00 +0000 UTC: set EventTime.Untimed")
		assert.Zero(t, windows)
	})
}

// timed delivers the readings with pauses between; a negative id ends the stream.
func timed(pauses []time.Duration, readings []reading) rxsse.Observable[reading] {
	return func(ctx context.Context) iter.Seq2[reading, error] {
		return func(yield func(reading, error) bool) {
			for i, r := range readings {
				select {
				case <-time.After(pauses[i]):
				case <-ctx.Done():
					yield(reading{}, context.Cause(ctx))
					return
				}
				if r.id < 0 || !yield(r, nil) {
					return
				}
			}
		}
	}
}

func TestEventTimeIdle(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	for _, row := range []struct {
		name     string
		pauses   []time.Duration
		readings []reading
		busy     time.Duration
		want     []string
	}{
		{
			"silence moves the watermark on, once it has lasted",
			[]time.Duration{0, 100 * s},
			[]reading{{id: 1, at: 9_000}, {id: -1}},
			0,
			// The watermark is at 7 s and would be at 10 s after 3 s, but silence counts from 5 s on.
			[]string{"[1]@5s"},
		},
		{
			"by as much as it has lasted",
			[]time.Duration{0, 100 * s},
			[]reading{{id: 1, at: 1_000}, {id: -1}},
			0,
			[]string{"[1]@11s"},
		},
		{
			"several windows in one silence",
			[]time.Duration{0, 0, 0, 100 * s},
			[]reading{{id: 1, at: 9_000}, {id: 2, at: 10_000}, {id: 3, at: 11_000}, {id: -1}},
			0,
			[]string{"[1]@5s", "[2 3]@11s"},
		},
		{
			"an item at the instant silence counts finds the window closed",
			[]time.Duration{0, 5 * s, s},
			[]reading{{id: 1, at: 9_000}, {id: 2, at: 9_500}, {id: -1}},
			0,
			[]string{"[1]@5s"},
		},
		{
			"a source that is not silent for so long is waited for",
			[]time.Duration{0, 4999 * ms, 4999 * ms, 4999 * ms, s},
			[]reading{{id: 1, at: 9_000}, {id: 2, at: 9_001}, {id: 3, at: 9_002}, {id: 4, at: 9_003}, {id: -1}},
			0,
			[]string{"[1 2 3 4]@15.997s"},
		},
		{
			"while the consumer is busy there is no silence",
			[]time.Duration{0, 0, s, 100 * s},
			[]reading{{id: 1, at: 0}, {id: 2, at: 12_000}, {id: 3, at: 18_000}, {id: -1}},
			60 * s,
			[]string{"[1]@0s", "[2 3]@1m5s"},
		},
		{
			"time goes back to that of the items",
			[]time.Duration{0, 20 * s, 0, 100 * s},
			[]reading{{id: 1, at: 9_000}, {id: 2, at: 41_000}, {id: 3, at: 45_000}, {id: -1}},
			0,
			[]string{"[1]@5s", "[2 3]@27s"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var got []string
				for w, err := range Window(timed(row.pauses, row.readings), EventTime[reading]{
					Assigner:   Tumbling(10 * time.Second),
					Timestamp:  reading.time,
					OutOfOrder: 2 * time.Second,
					Idle:       5 * time.Second,
				})(t.Context()) {
					require.NoError(t, err)
					got = append(got, fmt.Sprintf("%s@%v", spanOf(0, 0, w.Items).ids, time.Since(start)))
					time.Sleep(row.busy)
				}
				assert.Equal(t, row.want, got)
			})
		})
	}
}

func TestEventTimeIdleTies(t *testing.T) {
	for range ties {
		synctest.Test(t, func(t *testing.T) {
			late := 0
			event := EventTime[string]{
				Assigner:  Tumbling(3 * marble.Frame),
				Timestamp: func(string) time.Time { return time.Unix(0, 0) },
				Idle:      3 * marble.Frame,
				Late:      func(string) { late++ },
			}
			got := marble.Record(t.Context(), Map(Window(marble.Cold("a--b--c|"), event), itemsOf))
			require.Equal(t, "---[wa]---|", got)
			require.Equal(t, 2, late)
		})
	}
}

func TestEventTimeEnds(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Hour} {
		event := EventTime[string]{
			Assigner:  Sliding(4*marble.Frame, 2*marble.Frame),
			Timestamp: func(string) time.Time { return time.Unix(0, 0) },
			Idle:      idle,
		}
		t.Run(fmt.Sprint("idle ", idle), func(t *testing.T) {
			checkDiagrams(t, func(src rxsse.Observable[string]) rxsse.Observable[string] {
				return Map(Window(src, event), itemsOf)
			}, []diagram{
				{"completion delivers the open windows", "a-b-|", "----([wab][wab]|)"},
				{"an error comes after them", "a-b-#", "----([wab][wab]#)"},
				{"nothing comes of nothing", "----|", "----|"},
			})
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 3*marble.Frame)
				defer cancel()
				got := marble.Record(ctx, Map(Window(marble.Cold("ab"), event), itemsOf))
				assert.Equal(t, "---!", got, "cancel drops them")
			})
		})
	}
}

func TestEventTimeContract(t *testing.T) {
	for name, event := range map[string]EventTime[int]{
		"aligned":         {Assigner: Tumbling(2 * time.Second)},
		"sessions":        {Assigner: BySession(time.Second)},
		"aligned, idle":   {Assigner: Tumbling(2 * time.Second), Idle: time.Second},
		"sessions, idle":  {Assigner: BySession(time.Second), Idle: time.Second},
		"aligned, late":   {Assigner: Tumbling(2 * time.Second), Lateness: time.Hour},
		"sessions, late":  {Assigner: BySession(time.Second), Lateness: time.Hour},
		"idle and a wait": {Assigner: Tumbling(2 * time.Second), OutOfOrder: time.Second, Idle: time.Minute},
	} {
		event.Timestamp = func(v int) time.Time { return time.Unix(int64(3*v), 0) }
		panicking := event
		t.Run(name, rxssetest.Operator[int, WindowOf[int]]{
			Apply: func(src rxsse.Observable[int]) rxsse.Observable[WindowOf[int]] { return Window(src, event) },
			Panicking: func(src rxsse.Observable[int], v any) rxsse.Observable[WindowOf[int]] {
				panicking.Timestamp = func(int) time.Time { panic(v) }
				return Window(src, panicking)
			},
			Items: []int{1, 2, 3, 4, 5, 6},
		}.Check)
	}
}

func TestEventTimeRefuses(t *testing.T) {
	const prefix = "operators: Window: EventTime: "
	good := EventTime[reading]{Assigner: Tumbling(1), Timestamp: reading.time}
	for want, change := range map[string]func(*EventTime[reading]){
		"Assigner must be Tumbling, Sliding or BySession: other windows do not depend on the time of an item": func(e *EventTime[reading]) { e.Assigner = ByCount(1) },
		"Timestamp is nil":                         func(e *EventTime[reading]) { e.Timestamp = nil },
		"OutOfOrder must not be negative, got -1s": func(e *EventTime[reading]) { e.OutOfOrder = -time.Second },
		"Lateness must not be negative, got -1s":   func(e *EventTime[reading]) { e.Lateness = -time.Second },
		"Idle must not be negative, got -1s":       func(e *EventTime[reading]) { e.Idle = -time.Second },
	} {
		event := good
		change(&event)
		assert.PanicsWithValue(t, prefix+want, func() { Window(from[reading](), event) })
	}
}

// The shortest windows hold the items of one nanosecond.
func TestEventTimeWindowsOfANanosecond(t *testing.T) {
	windows := collect(t, Window(from(5, 6, 6, 9), EventTime[int]{
		Assigner:  Tumbling(time.Nanosecond),
		Timestamp: func(v int) time.Time { return time.Unix(0, int64(v)) },
	}))
	var got [][]int
	for _, w := range windows {
		got = append(got, w.Items)
		assert.Equal(t, time.Unix(0, int64(w.Items[0])), w.Start)
		assert.Equal(t, w.Start.Add(time.Nanosecond), w.End)
	}
	assert.Equal(t, [][]int{{5}, {6, 6}, {9}}, got)
}
