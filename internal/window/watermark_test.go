package window

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A watermarkTest is a Watermark over a script. The key of an event is its source; an event
// with Last set has no time.
type watermarkTest struct {
	*Watermark

	inner   *script
	batch   Batch[event]
	untimed []int // the numbers of the items without a time
}

func newWatermarkTest(e EventTime) *watermarkTest {
	w := &watermarkTest{inner: &script{next: Never}}
	e.Time = func(i int) (Instant, bool) { return w.batch.Items[i].At, !w.batch.Items[i].Last }
	if e.Untimed == nil {
		e.Untimed = func(i int) bool { w.untimed = append(w.untimed, w.batch.Items[i].Number); return true }
	}
	clock := Clock{time.Now(), 0} // instants count from now on
	w.Watermark = NewWatermark(e, clock, NewPositions(&w.batch), w.inner)
	return w
}

func bySource(w **watermarkTest) func(int) string {
	return func(i int) string { return strconv.Itoa((*w).batch.Items[i].Key) }
}

// add adds events at a system time.
func (w *watermarkTest) add(now Instant, events ...event) bool {
	w.batch.Items = events
	return w.Add(now, 0, len(events))
}

// at returns an event of a source.
func at(source int, t Instant) event { return event{Key: source, At: t} }

// watermarks returns the instants to which windows were advanced since the last time.
func (w *watermarkTest) watermarks() (all []Instant) {
	for _, call := range w.inner.take() {
		var to Instant
		if _, err := fmt.Sscanf(call, "advance %d", &to); err == nil {
			all = append(all, to)
		}
	}
	return all
}

func TestWatermarkFollowsTheNewestItem(t *testing.T) {
	w := newWatermarkTest(EventTime{OutOfOrder: 3})
	assert.True(t, w.add(0, at(0, 10), at(0, 8), at(0, 12)))
	assert.Equal(t, []string{
		"add 0-1 at 10", "advance 7", "add 1-2 at 8", "advance 7", "add 2-3 at 12", "advance 9",
	}, w.inner.take())
	w.inner.next = 20
	assert.Equal(t, Never, w.Next(), "without Idle, only items move it")
	assert.True(t, w.Advance(1000))
	assert.Equal(t, []string{"advance 9"}, w.inner.take())
	w.inner.stop = "advance 10"
	assert.False(t, w.add(0, at(0, 13), at(0, 14)), "the consumer leaves")
	assert.Equal(t, []string{"add 0-1 at 13", "advance 10"}, w.inner.take())
	assert.False(t, w.Advance(0))
	assert.Zero(t, w.busy, "only idle sources need it")
}

func TestWatermarkWithoutTime(t *testing.T) {
	w := newWatermarkTest(EventTime{})
	assert.True(t, w.add(0, event{Last: true, Number: 1, ID: "1"}, at(0, 5), event{Last: true, Number: 3, ID: "3"}))
	assert.Equal(t, []int{1, 3}, w.untimed)
	assert.Equal(t, []string{"add 1-2 at 5", "advance 5"}, w.inner.take())
	assert.Equal(t, "3", w.positions.safe(), "the stream can resume after it")
	w = newWatermarkTest(EventTime{Untimed: func(int) bool { return false }})
	assert.False(t, w.add(0, at(0, 5), event{Last: true}, at(0, 6)), "the handler ends the stream")
	assert.Equal(t, []string{"add 0-1 at 5", "advance 5"}, w.inner.take())
}

// The watermark is the minimum over the sources, once all of them are known.
func TestWatermarkOfSeveralSources(t *testing.T) {
	for sources, want := range [][]Instant{
		0: {10, 10, 10, 20, 20, 25, 25},
		2: {LongAgo, 3, 10, 20, 20, 25, 25},
		3: {LongAgo, LongAgo, LongAgo, LongAgo, LongAgo, LongAgo, 25},
	} {
		if want == nil {
			continue
		}
		var w *watermarkTest
		w = newWatermarkTest(EventTime{Sources: sources, Source: bySource(&w)})
		w.add(0, at(1, 10), at(2, 3), at(2, 20), at(1, 20), at(2, 25), at(1, 25), at(3, 26))
		assert.Equal(t, want, w.watermarks(), "%d sources", sources)
		w.add(0, at(1, 90), at(2, 80), at(3, 70))
		assert.Equal(t, Instant(70), w.at, "%d sources", sources)
	}
}

// The watermark is that of the source that is furthest behind, however many there are.
func TestWatermarkIsTheMinimum(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 5))
	const sources = 9
	var w *watermarkTest
	w = newWatermarkTest(EventTime{Source: bySource(&w), Sources: sources})
	newest := map[int]Instant{}
	for range 500 {
		source := random.IntN(sources)
		t1 := newest[source] + Instant(random.IntN(20))
		newest[source] = t1
		w.add(0, at(source, t1))
		if len(newest) == sources {
			require.Equal(t, slices.Min(slices.Collect(maps.Values(newest))), w.at)
		}
	}
	assert.True(t, w.Advance(1000))
}

// Without Idle, the watermark waits forever for an unknown source.
func TestWatermarkWaitsForItsSources(t *testing.T) {
	var w *watermarkTest
	w = newWatermarkTest(EventTime{Source: bySource(&w), Sources: 2})
	w.add(0, at(1, 10))
	assert.True(t, w.Advance(1000))
	w.add(1000, at(1, 20))
	assert.Equal(t, LongAgo, w.at)
}

// An Idle can be as short as a nanosecond.
func TestWatermarkOfSourcesThatAreIdleAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatermarkTest(EventTime{Idle: 1})
		w.add(0, at(0, 50))
		assert.True(t, w.Advance(1))
		assert.Equal(t, Instant(51), w.at)
		w = newWatermarkTest(EventTime{Idle: 1})
		require.NoError(t, w.Load([]byte(`{"At":45,"Known":1,"Sources":null,"Windows":"saved"}`)))
		assert.True(t, w.Advance(1))
		assert.Equal(t, Instant(46), w.at)
	})
}

// A source that has been silent for Idle no longer holds back the watermark.
func TestWatermarkOfAnIdleSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w *watermarkTest
		w = newWatermarkTest(EventTime{Source: bySource(&w), Idle: 100})
		w.inner.next = 1000
		assert.Equal(t, Never, w.Next(), "no source is known")
		w.add(0, at(1, 10), at(2, 50))
		assert.Equal(t, Instant(10), w.at)
		w.add(40, at(2, 60))
		assert.Equal(t, Instant(100), w.Next(), "source 1 is idle then")
		assert.True(t, w.Advance(99))
		assert.Equal(t, Instant(10), w.at)
		w.inner.take()
		assert.True(t, w.Advance(100))
		assert.Equal(t, []string{"advance 60"}, w.inner.take())
		assert.Equal(t, Instant(140), w.Next(), "source 2 is idle then")
		assert.Len(t, w.sources, 1)

		w.add(100, at(1, 55))
		assert.Equal(t, Instant(60), w.at, "the watermark does not go back")
		w.add(120, at(2, 70))
		assert.Equal(t, Instant(60), w.at, "source 1 holds it back again")
		assert.Len(t, w.sources, 2)
		w.inner.next = Never
		assert.Equal(t, Never, w.Next(), "no window is open")
	})
}

// While all sources are idle, the watermark advances with the clock, from the source that
// is furthest ahead.
func TestWatermarkWhileAllSourcesAreIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w *watermarkTest
		w = newWatermarkTest(EventTime{Source: bySource(&w), Idle: 100})
		w.inner.next = 1000
		w.add(0, at(1, 500))
		w.add(20, at(2, 550)) // 530 ahead of the clock; source 1 is 500 ahead
		assert.True(t, w.Advance(119))
		assert.Equal(t, Instant(550), w.at, "only source 2")
		assert.True(t, w.Advance(120))
		assert.Equal(t, Instant(650), w.at, "as long as the silence has lasted")
		assert.Equal(t, Instant(470), w.Next(), "when the watermark is 1000")
		assert.True(t, w.Advance(470))
		assert.Equal(t, Instant(1000), w.at)
		w.add(480, at(1, 600))
		assert.Equal(t, Instant(1000), w.at, "the watermark does not go back")
		assert.Equal(t, Instant(580), w.Next())
	})
}

// Missing sources do not hold back the watermark for longer than Idle.
func TestWatermarkOfSourcesThatStayAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w *watermarkTest
		w = newWatermarkTest(EventTime{Source: bySource(&w), Sources: 2, Idle: 100})
		w.inner.next = 1000
		assert.True(t, w.Advance(10))
		assert.Equal(t, LongAgo, w.at, "no item yet")
		w.add(50, at(1, 500))
		assert.Equal(t, LongAgo, w.at)
		assert.Equal(t, Instant(100), w.Next(), "an Idle after the start")
		assert.True(t, w.Advance(99))
		assert.Equal(t, LongAgo, w.at)
		assert.True(t, w.Advance(100))
		assert.Equal(t, Instant(500), w.at)
		assert.Equal(t, Instant(150), w.Next(), "source 1 is idle then")

		w = newWatermarkTest(EventTime{Source: bySource(&w), Sources: 2, Idle: 100})
		w.inner.next = 1000
		w.add(50, at(1, 500), at(2, 600))
		assert.Equal(t, Instant(150), w.Next(), "both are known")

		w = newWatermarkTest(EventTime{Source: bySource(&w), Sources: 2, Idle: 100})
		assert.True(t, w.Advance(100))
		assert.Equal(t, LongAgo, w.at, "no item yet, so there is nothing to advance from")
	})
}

// Time during which the consumer is busy is not silence.
func TestWatermarkWithABusyConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatermarkTest(EventTime{Idle: 100})
		w.inner.next = 1000
		w.add(0, at(0, 500))
		time.Sleep(30 * time.Nanosecond)
		w.add(0, at(0, 510)) // the consumer took 30 for it
		assert.Equal(t, time.Duration(30), w.busy)
		assert.Equal(t, Instant(130), w.Next())
		time.Sleep(40 * time.Nanosecond)
		assert.True(t, w.Advance(60)) // another 10
		assert.Equal(t, time.Duration(40), w.busy)
		assert.Equal(t, Instant(140), w.Next())
		time.Sleep(70 * time.Nanosecond)
		assert.True(t, w.Advance(139))
		assert.Equal(t, Instant(510), w.at)
		w.busy = 40 // the consumer was not busy
		assert.True(t, w.Advance(140))
		assert.Equal(t, Instant(610), w.at, "silent for 100")

		w.inner.stop = "advance 611"
		w.busy = 40
		assert.False(t, w.Advance(141), "the consumer leaves")
	})
}

func TestWatermarkGoesOnFromItsState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w *watermarkTest
		w = newWatermarkTest(EventTime{Source: bySource(&w), Sources: 3, Idle: 100})
		w.add(0, at(1, 40), at(2, 50), at(3, 45), at(1, 60))
		saved, err := w.Save()
		require.NoError(t, err)
		assert.JSONEq(t, `{"At":45,"Known":3,"Sources":[{"Name":"3","At":45},{"Name":"2","At":50},{"Name":"1","At":60}],"Windows":"saved"}`, string(saved))

		w = newWatermarkTest(EventTime{Source: bySource(&w), Sources: 3, Idle: 100})
		require.NoError(t, w.Load(saved))
		assert.Equal(t, []string{`load "saved"`}, w.inner.take())
		assert.Equal(t, Instant(45), w.at)
		w.inner.next = 1000
		assert.Equal(t, Instant(100), w.Next(), "the sources count as heard now")
		w.add(10, at(3, 70))
		assert.Equal(t, Instant(50), w.at)
		assert.True(t, w.Advance(100))
		assert.Equal(t, Instant(70), w.at, "the others are idle")

		w = newWatermarkTest(EventTime{Idle: 100})
		require.NoError(t, w.Load([]byte(`{"At":45,"Known":1,"Sources":null,"Windows":"saved"}`)))
		w.inner.next = 1000
		assert.Equal(t, Instant(100), w.Next(), "sources that were idle are heard now")
		assert.True(t, w.Advance(100))
		assert.Equal(t, Instant(145), w.at)

		w = newWatermarkTest(EventTime{Idle: 100})
		require.NoError(t, w.Load([]byte(`{"At":45,"Known":0,"Sources":null,"Windows":"saved"}`)))
		assert.Equal(t, Never, w.Next(), "no source is known")
	})
}

func TestWatermarkPassesOn(t *testing.T) {
	w := newWatermarkTest(EventTime{})
	assert.True(t, w.Early())
	assert.True(t, w.Flush())
	assert.Equal(t, []string{"early", "flush"}, w.inner.take())
}
