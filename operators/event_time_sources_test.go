package operators

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A plainWatermark is the slow, obvious form of event time over tumbling windows: it looks
// at all items again for each new one.
type plainWatermark struct {
	size, offset, outOfOrder, lateness int64
	sources                            int

	newest    map[int]int64 // of each source
	at        int64
	inWindow  map[int64][]reading // by start
	delivered map[int64]int       // by start, how many items
	results   []string
	late      []int
}

func (p *plainWatermark) add(r reading) {
	start := (r.at-p.offset)/p.size*p.size + p.offset
	if start+p.size+p.lateness <= p.at {
		p.late = append(p.late, r.id)
	} else {
		p.inWindow[start] = append(p.inWindow[start], r)
	}
	p.newest[r.sensor] = max(p.newest[r.sensor], r.at)
	if len(p.newest) >= p.sources {
		behind := int64(1 << 60)
		for _, at := range p.newest {
			behind = min(behind, at-p.outOfOrder)
		}
		p.at = max(p.at, behind)
	}
	p.deliver(p.at)
}

// deliver delivers the windows that end at or before an instant and have changed.
func (p *plainWatermark) deliver(until int64) {
	var starts []int64
	for start, items := range p.inWindow {
		if start+p.size <= until && p.delivered[start] < len(items) {
			starts = append(starts, start)
		}
	}
	slices.Sort(starts)
	for _, start := range starts {
		p.delivered[start] = len(p.inWindow[start])
		p.results = append(p.results, fmt.Sprint(spanOf(start, start+p.size, p.inWindow[start])))
	}
}

// feeds returns the readings of several sources, each in order but for a little, that
// take turns in bursts: one source can be far behind the others, as after a reconnection.
func feeds(random *rand.Rand) (readings []reading) {
	at := make([]int64, 1+random.IntN(4))
	for i := range at {
		at[i] = 1_000_000 + random.Int64N(100)
	}
	source := 0
	for i := range 20 + random.IntN(80) {
		if random.IntN(6) == 0 {
			source = random.IntN(len(at))
		}
		at[source] += random.Int64N(12)
		readings = append(readings, reading{id: i, sensor: source, at: at[source] - random.Int64N(8)})
	}
	return readings
}

func TestEventTimeOfSeveralSourcesEqualsThePlainOne(t *testing.T) {
	const ms = time.Millisecond
	lateItems, results := 0, 0
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 11))
		readings := feeds(random)
		plain := plainWatermark{
			size: 5 + random.Int64N(30), offset: random.Int64N(20), outOfOrder: random.Int64N(10), lateness: random.Int64N(2) * 25,
			sources: random.IntN(4), newest: map[int]int64{}, inWindow: map[int64][]reading{}, delivered: map[int64]int{},
		}
		var late []int
		event := EventTime[reading]{
			Assigner:   Tumbling(time.Duration(plain.size) * ms).Offset(time.Duration(plain.offset) * ms),
			Timestamp:  reading.time,
			OutOfOrder: time.Duration(plain.outOfOrder) * ms,
			Lateness:   time.Duration(plain.lateness) * ms,
			Source:     func(r reading) string { return fmt.Sprint(r.sensor) },
			Sources:    plain.sources,
			Late:       func(r reading) { late = append(late, r.id) },
		}
		for _, r := range readings {
			plain.add(r)
		}
		plain.deliver(1 << 62)
		var got []string
		for _, w := range collect(t, Window(from(readings...), event)) {
			got = append(got, fmt.Sprint(spanOf(w.Start.UnixMilli(), w.End.UnixMilli(), w.Items)))
		}
		require.Equal(t, plain.results, got, "seed %d: %v", seed, readings)
		require.Equal(t, plain.late, late, "seed %d: %v", seed, readings)
		lateItems += len(late)
		results += len(got)
	}
	assert.Greater(t, results, rounds)
	assert.NotZero(t, lateItems, "some are too late although there are sources")
}

// Two merged feeds, one of which reconnects and replays: no item is too late.
func TestEventTimeReplayOfOneSource(t *testing.T) {
	var readings []reading
	for i := range 1000 {
		readings = append(readings, reading{id: i, sensor: 1, at: int64(i)})
	}
	for i := range 1000 {
		readings = append(readings, reading{id: 1000 + i, sensor: 2, at: int64(i)})
	}
	event := EventTime[reading]{
		Assigner: Tumbling(10 * time.Millisecond), Timestamp: reading.time,
		Source: func(r reading) string { return fmt.Sprint(r.sensor) }, Sources: 2,
		Late: func(r reading) { t.Errorf("%v is too late", r) },
	}
	windows := collect(t, Window(from(readings...), event))
	require.Len(t, windows, 100)
	for _, w := range windows {
		assert.Len(t, w.Items, 20)
	}
}

func TestEventTimeIdleSources(t *testing.T) {
	const s = time.Second
	for _, row := range []struct {
		name     string
		sources  int
		pauses   []time.Duration
		readings []reading
		want     []string
	}{
		{
			"a silent source holds back the others until it is idle", 0,
			[]time.Duration{0, s, s, s, s, s, s, 10 * s},
			[]reading{{id: 1, sensor: 1, at: 1_000}, {id: 2, sensor: 2, at: 11_000}, {id: 3, sensor: 2, at: 12_000}, {id: 4, sensor: 2, at: 13_000}, {id: 5, sensor: 2, at: 14_000}, {id: 6, sensor: 2, at: 15_000}, {id: 7, sensor: 2, at: 21_000}, {id: -1}},
			[]string{"[1]@5s", "[2 3 4 5 6]@6s", "[7]@15s"},
		},
		{
			"all silent: from the one that is furthest ahead", 0,
			[]time.Duration{0, 0, 30 * s},
			[]reading{{id: 1, sensor: 1, at: 1_000}, {id: 2, sensor: 2, at: 14_000}, {id: -1}},
			[]string{"[1]@5s", "[2]@6s"},
		},
		{
			"a source that returns holds back again", 0,
			[]time.Duration{0, 0, 6 * s, 0, s, 30 * s},
			[]reading{{id: 1, sensor: 1, at: 1_000}, {id: 2, sensor: 2, at: 1_000}, {id: 3, sensor: 2, at: 18_000}, {id: 4, sensor: 1, at: 12_000}, {id: 5, sensor: 2, at: 29_000}, {id: -1}},
			[]string{"[1 2]@6s", "[3 4]@11s", "[5]@12s"},
		},
		{
			"sources that never speak are waited for once", 2,
			[]time.Duration{0, s, 30 * s},
			[]reading{{id: 1, sensor: 1, at: 1_000}, {id: 2, sensor: 1, at: 11_000}, {id: -1}},
			[]string{"[1]@5s", "[2]@10s"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var got []string
				for w, err := range Window(timed(row.pauses, row.readings), EventTime[reading]{
					Assigner: Tumbling(10 * time.Second), Timestamp: reading.time, Idle: 5 * time.Second,
					Source: func(r reading) string { return fmt.Sprint(r.sensor) }, Sources: row.sources,
					Late: func(r reading) { t.Errorf("%v is too late", r) },
				})(t.Context()) {
					require.NoError(t, err)
					got = append(got, fmt.Sprintf("%s@%v", spanOf(0, 0, w.Items).ids, time.Since(start)))
				}
				assert.Equal(t, row.want, got)
			})
		})
	}
}

// Items that are too late are counted and logged unless there is a handler.
func TestEventTimeShowsLateItems(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	readings := []reading{{id: 0, at: 1000}}
	for i := range 15 {
		readings = append(readings, reading{id: i, at: 5})
	}
	readings = append(readings, reading{id: 16, at: 2000})
	event := EventTime[reading]{Assigner: Tumbling(10 * time.Millisecond), Timestamp: reading.time}
	windows := collect(t, Window(from(readings...), event))
	require.Len(t, windows, 2)
	assert.Equal(t, []int{15, 0}, []int{windows[0].Late, windows[1].Late})
	assert.Equal(t, 2, strings.Count(log.String(), "operators: Window: items came too late for their windows and were dropped"), log.String())
	assert.Contains(t, log.String(), "items=1\n")
	assert.Contains(t, log.String(), "items=10\n")

	log.Reset()
	event.Late = func(reading) {}
	windows = collect(t, Window(from(readings...), event))
	assert.Equal(t, 15, windows[0].Late)
	assert.Empty(t, log.String())
}
