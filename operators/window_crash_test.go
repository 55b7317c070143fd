package operators

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

var (
	crashStreams = flag.Int("crash.streams", 10, "random streams for each shape of the crash tests")
	crashSeed    = flag.Uint64("crash.seed", 1, "seed of the first of them")
)

// A tick is an item of the crash tests: a key, a time in milliseconds, and a number.
type tick struct {
	Key byte
	At  int
	N   int
}

type (
	tickMessage = codec.Message[tick]
	tickResult  = Keyed[byte, WindowResult[string]]
)

func (t tick) time() time.Time { return time.UnixMilli(int64(t.At)) }

// serve is a server that resumes after the last event with an ID.
func serve(events []tickMessage, after string) rxsse.Observable[tickMessage] {
	return func(context.Context) iter.Seq2[tickMessage, error] {
		return func(yield func(tickMessage, error) bool) {
			from := 0
			for i, e := range events {
				if after != "" && e.ID == after {
					from = i + 1
				}
			}
			for _, e := range events[from:] {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// serveInheriting is a server that knows the first event with an ID: later ones in a row
// have inherited it.
func serveInheriting(events []tickMessage, after string) rxsse.Observable[tickMessage] {
	for i, e := range events {
		if after != "" && e.ID == after {
			return serve(events[i+1:], "")
		}
	}
	return serve(events, "")
}

// A crashShape is a pipeline and the streams to try it with.
type crashShape struct {
	name     string
	build    func(src rxsse.Observable[tickMessage], opts ...WindowOption) rxsse.Observable[tickResult]
	disorder int  // how far out of order items are, in milliseconds
	tooLate  bool // some are later
	sameID   bool // events in a row share IDs
	holes    bool // some items have no ID: they belong to the next that has one
}

func crashEvent(a Assigner, outOfOrder, lateness int) EventTime[tickMessage] {
	return EventTime[tickMessage]{
		Assigner: a, Timestamp: func(m tickMessage) time.Time { return m.Value.time() },
		OutOfOrder: time.Duration(outOfOrder) * time.Millisecond, Lateness: time.Duration(lateness) * time.Millisecond,
		Late: func(tickMessage) {},
	}
}

// crashBy folds the numbers of each window and key into text.
func crashBy[W WindowSpec[tickMessage]](spec W) func(rxsse.Observable[tickMessage], ...WindowOption) rxsse.Observable[tickResult] {
	return func(src rxsse.Observable[tickMessage], opts ...WindowOption) rxsse.Observable[tickResult] {
		return AggregateBy(src, func(m tickMessage) byte { return m.Value.Key }, spec, func() string { return "" }, addTick, opts...)
	}
}

func addTick(s string, m tickMessage) string { return s + " " + strconv.Itoa(m.Value.N) }

// crashAll is crashBy without keys.
func crashAll[W WindowSpec[tickMessage]](spec W) func(rxsse.Observable[tickMessage], ...WindowOption) rxsse.Observable[tickResult] {
	return func(src rxsse.Observable[tickMessage], opts ...WindowOption) rxsse.Observable[tickResult] {
		return Map(Aggregate(src, spec, func() string { return "" }, addTick, opts...), func(r WindowResult[string]) tickResult {
			return tickResult{'*', r}
		})
	}
}

// crashWindow is crashAll with Window.
func crashWindow[W WindowSpec[tickMessage]](spec W) func(rxsse.Observable[tickMessage], ...WindowOption) rxsse.Observable[tickResult] {
	return func(src rxsse.Observable[tickMessage], opts ...WindowOption) rxsse.Observable[tickResult] {
		return Map(Window(src, spec, opts...), func(w WindowOf[tickMessage]) tickResult {
			r := tickResult{'*', WindowResult[string]{WindowInfo: w.WindowInfo}}
			for _, m := range w.Items {
				r.Value.Value = addTick(r.Value.Value, m)
			}
			return r
		})
	}
}

// crashStream returns a random stream.
func crashStream(random *rand.Rand, s crashShape) (events []tickMessage) {
	at, id := 1000, 0
	for i := range 40 + random.IntN(80) {
		at += random.IntN(7)
		if random.IntN(30) == 0 {
			at += random.IntN(60)
		}
		t := at
		if s.disorder > 0 && random.IntN(3) == 0 {
			t -= random.IntN(s.disorder + 1)
		}
		if s.tooLate && random.IntN(15) == 0 {
			t -= 20 + random.IntN(60)
		}
		if !s.sameID || i == 0 || random.IntN(3) > 0 {
			id = i + 1
		}
		m := tickMessage{ID: strconv.Itoa(id), Value: tick{"abc"[random.IntN(3)], t, i + 1}}
		if s.holes && random.IntN(3) == 0 {
			m.ID = ""
		}
		events = append(events, m)
	}
	return events
}

// show draws a result; the times of windows by count are those of the machine.
func (s crashShape) show(r tickResult) string {
	if strings.HasPrefix(s.name, "by ") {
		return fmt.Sprint(string(r.Key), r.Value.Value)
	}
	return fmt.Sprint(string(r.Key), r.Value.Start.UnixMilli(), "-", r.Value.End.UnixMilli(), r.Value.Value)
}

// crashShapes are those whose results with a State equal those of a run without crashes.
func crashShapes() []crashShape {
	const ms = time.Millisecond
	tumbling, sliding, session := Tumbling(20*ms), Sliding(20*ms, 5*ms), BySession(9*ms)
	weight := ByWeight(9, func(m tickMessage) int { return 1 + m.Value.N%5 })
	last := ByLast(func(m tickMessage) bool { return m.Value.N%4 == 0 })
	return []crashShape{
		{name: "tumbling by key, in order", build: crashBy(crashEvent(tumbling, 0, 0))},
		{name: "tumbling by key, out of order, some too late", build: crashBy(crashEvent(tumbling, 15, 0)), disorder: 15, tooLate: true},
		{name: "tumbling by key, out of order, shared IDs", build: crashBy(crashEvent(tumbling, 15, 0)), disorder: 15, sameID: true},
		{name: "tumbling by key, out of order, items without IDs", build: crashBy(crashEvent(tumbling, 15, 0)), disorder: 15, holes: true},
		{name: "sliding by key, out of order, some too late", build: crashBy(crashEvent(sliding, 15, 0)), disorder: 15, tooLate: true},
		{name: "session by key, in order", build: crashBy(crashEvent(session, 0, 0))},
		{name: "session by key, out of order, some too late", build: crashBy(crashEvent(session, 15, 0)), disorder: 15, tooLate: true},
		{name: "tumbling by key, late firings, some too late", build: crashBy(crashEvent(tumbling, 0, 30)), disorder: 30, tooLate: true},
		{name: "sliding by key, late firings, some too late", build: crashBy(crashEvent(sliding, 5, 30)), disorder: 30, tooLate: true},
		{name: "session by key, late firings, some too late", build: crashBy(crashEvent(session, 5, 30)), disorder: 30, tooLate: true},
		{name: "tumbling, out of order", build: crashAll(crashEvent(tumbling, 15, 0)), disorder: 15},
		{name: "session, late firings", build: crashAll(crashEvent(session, 5, 30)), disorder: 30},
		{name: "windows sliding, out of order", build: crashWindow(crashEvent(sliding, 15, 0)), disorder: 15},
		{name: "windows session, late firings", build: crashWindow(crashEvent(session, 5, 30)), disorder: 30},
		{name: "by count and key", build: crashBy(ByCount(4)), sameID: true},
		{name: "by count", build: crashAll(ByCount(5))},
		{name: "by count, windows, items without IDs", build: crashWindow(ByCount(5)), holes: true},
		{name: "by sliding count and key", build: crashBy(BySlidingCount(5, 2))},
		{name: "by sliding count, windows", build: crashWindow(BySlidingCount(5, 2)), sameID: true},
		{name: "by weight and key", build: crashBy(weight)},
		{name: "by weight", build: crashAll(weight), sameID: true},
		{name: "by last item and key", build: crashBy(last)},
		{name: "by last item, windows", build: crashWindow(last), holes: true},
	}
}

// A program that stores its State with its results and is killed again and again stores the
// same sequence of results as one that is not. Run it longer with
//
//	go test ./operators -run StateSurvives -crash.streams 1000 -crash.seed 7
func TestStateSurvivesCrashes(t *testing.T) {
	for _, s := range crashShapes() {
		for server, source := range map[string]func([]tickMessage, string) rxsse.Observable[tickMessage]{"": serve, ", inherited IDs": serveInheriting} {
			if server != "" && !s.sameID {
				continue
			}
			t.Run(s.name+server, func(t *testing.T) {
				t.Logf("seed %d", *crashSeed)
				total := 0
				for seed := range uint64(*crashStreams) {
					random := rand.New(rand.NewPCG(*crashSeed+seed, 7))
					events := crashStream(random, s)
					var want []string
					for _, r := range collect(t, s.build(serve(events, ""))) {
						if !r.Value.Partial {
							want = append(want, s.show(r))
						}
					}
					require.Equal(t, want, s.crash(t, random, events, source), "-crash.seed %d: %v", *crashSeed+seed, events)
					total += len(want)
				}
				assert.Greater(t, total, *crashStreams, "results")
			})
		}
	}
}

// crash runs the shape over events, killed 13 times, and returns what was stored.
func (s crashShape) crash(t *testing.T, random *rand.Rand, events []tickMessage, source func([]tickMessage, string) rxsse.Observable[tickMessage]) (stored []string) {
	t.Helper()
	var saved []byte
	for life := range 14 {
		var state State
		require.NoError(t, state.Load(saved))
		results := 1 << 30 // until it is killed
		if life < 13 && random.IntN(3) > 0 {
			results = random.IntN(12)
		}
		src := source(events, state.LastEventID())
		if life < 13 && random.IntN(4) == 0 { // the server ends the stream
			src = Take(src, random.IntN(40))
		}
		var transaction []string
		batch := 1 + random.IntN(4)
		for r, err := range s.build(src, WithState(&state))(t.Context()) {
			require.NoError(t, err)
			if results--; results < 0 {
				break
			}
			if r.Value.Partial {
				continue
			}
			if transaction = append(transaction, s.show(r)); len(transaction) >= batch || life == 13 {
				data, err := state.Save()
				require.NoError(t, err)
				stored = append(stored, transaction...)
				transaction, saved = nil, data
			}
		}
		if results >= 0 { // the stream has ended; the items of partial results stay in the state
			if data, err := state.Save(); err == nil {
				stored, saved = append(stored, transaction...), data
			}
		}
	}
	return stored
}
