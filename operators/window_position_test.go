package operators

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A storePolicy is how a program stores a result that it may have stored before.
type storePolicy func(table map[string]string, s crashShape, r tickResult)

func insertIfAbsent(table map[string]string, _ crashShape, r tickResult) {
	if k := tableKey(r); table[k] == "" {
		table[k] = r.Value.Value
	}
}

func replaceIfMoreItems(table map[string]string, _ crashShape, r tickResult) {
	if k := tableKey(r); len(r.Value.Value) > len(table[k]) {
		table[k] = r.Value.Value
	}
}

func tableKey(r tickResult) string {
	return string(r.Key) + r.Value.Start.Format(time.StampMilli) + r.Value.End.Format(time.StampMilli)
}

// The table in docs/guarantees.md: the results after crashes of a program that stores its
// results and then their position. Without crashes, they are want.
func TestPositionsSurviveCrashes(t *testing.T) {
	const ms = time.Millisecond
	tumbling, sliding, session := Tumbling(20*ms), Sliding(20*ms, 5*ms), BySession(9*ms)
	for _, row := range []struct {
		crashShape

		policy storePolicy
	}{
		{crashShape{name: "tumbling, in order", build: crashBy(crashEvent(tumbling, 0, 0))}, insertIfAbsent},
		{crashShape{name: "tumbling, out of order, some too late", build: crashBy(crashEvent(tumbling, 15, 0)), disorder: 15, tooLate: true}, insertIfAbsent},
		{crashShape{name: "tumbling, shared IDs", build: crashBy(crashEvent(tumbling, 15, 0)), disorder: 15, sameID: true}, insertIfAbsent},
		{crashShape{name: "tumbling, items without IDs", build: crashBy(crashEvent(tumbling, 15, 0)), disorder: 15, holes: true}, insertIfAbsent},
		{crashShape{name: "tumbling, without keys", build: crashAll(crashEvent(tumbling, 15, 0)), disorder: 15}, insertIfAbsent},
		{crashShape{name: "sliding, out of order", build: crashBy(crashEvent(sliding, 15, 0)), disorder: 15}, insertIfAbsent},
		{crashShape{name: "sliding, windows", build: crashWindow(crashEvent(sliding, 15, 0)), disorder: 15}, insertIfAbsent},
		{crashShape{name: "session without keys, in order", build: crashAll(crashEvent(session, 0, 0))}, insertIfAbsent},
		{crashShape{name: "tumbling, late firings", build: crashBy(crashEvent(tumbling, 0, 60)), disorder: 60}, replaceIfMoreItems},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Logf("seed %d", *crashSeed)
			moved := 0
			for seed := range uint64(*crashStreams) {
				random := rand.New(rand.NewPCG(*crashSeed+seed, 9))
				events := crashStream(random, row.crashShape)
				want := map[string]string{}
				for _, r := range collect(t, row.build(serve(events, ""))) {
					if !r.Value.Partial {
						want[tableKey(r)] = r.Value.Value
					}
				}
				got := map[string]string{}
				saved := ""
				for life := range 13 {
					all := slices.DeleteFunc(collect(t, row.build(serve(events, saved))), func(r tickResult) bool { return r.Value.Partial })
					if life < 12 {
						all = all[:random.IntN(len(all)+1)] // it is killed
					}
					for i := 0; i < len(all); {
						n := min(1+random.IntN(3), len(all)-i)
						resume := saved
						for _, r := range all[i : i+n] {
							row.policy(got, row.crashShape, r)
							if id := r.ResumeID(); id != "" {
								resume = id
							}
						}
						if i += n; i < len(all) || random.IntN(2) == 0 { // or it is killed between the two
							saved = resume
						}
					}
				}
				if saved != "" {
					moved++
				}
				require.Equal(t, want, got, "-crash.seed %d: %v", *crashSeed+seed, events)
			}
			assert.Greater(t, moved, *crashStreams/2, "streams whose position moved")
		})
	}
}

// The position of a result is before everything that is still held, and that of a partial
// one does not move.
func TestPositionsOfResults(t *testing.T) {
	const s = time.Second
	src := func(times ...int) []codec.Message[int] {
		messages := make([]codec.Message[int], len(times))
		for i, at := range times {
			messages[i] = codec.Message[int]{ID: string(rune('1' + i)), Value: at}
		}
		return messages
	}
	event := EventTime[codec.Message[int]]{
		Assigner: Tumbling(10 * s), OutOfOrder: 10 * s,
		Timestamp: func(m codec.Message[int]) time.Time { return time.Unix(int64(m.Value), 0) },
	}
	type position struct {
		id      string
		partial bool
	}
	positions := func(windows []WindowOf[codec.Message[int]]) (all []position) {
		for _, w := range windows {
			all = append(all, position{w.ResumeID(), w.Partial})
		}
		return all
	}
	// 15 is taken before the first window closes, and held by the second.
	assert.Equal(t, []position{{"1", false}, {"1", true}, {"1", true}}, positions(collect(t, Window(from(src(1, 15, 3, 25)...), event))))
	assert.Equal(t, []position{{"2", false}, {"4", false}, {"4", true}}, positions(collect(t, Window(from(src(1, 2, 3, 4, 5)...), ByCount(2)))))
	assert.Equal(t, []position{{"2", false}, {"4", false}, {"4", true}}, positions(collect(t, Window(from(src(1, 2, 3, 4, 5)...), ByCount(2).Within(time.Hour)))))
	// Nothing is safe before a window that opened with the first item.
	assert.Equal(t, []position{{"", true}}, positions(collect(t, Window(from(src(1, 2)...), ByCount(9)))))
	// An item that does not fit closes the window before it is taken.
	two := func(codec.Message[int]) int { return 2 }
	assert.Equal(t, []position{{"1", false}, {"2", false}, {"2", true}}, positions(collect(t, Window(from(src(1, 2, 3)...), ByWeight(3, two)))))
}

// Positions cost nothing for items without them, and little for others.
func BenchmarkAggregatePositions(b *testing.B) {
	events := make([]codec.Event, 1024)
	for i := range events {
		events[i] = codec.Event{ID: "12345", Data: "x"}
	}
	type without struct {
		Type, Data, ID string
		Retry          time.Duration
		Comment        string
		Unordered      bool
	}
	bare := make([]without, len(events))
	at := time.Unix(0, 0)
	next := func() time.Time { at = at.Add(time.Millisecond); return at }
	b.Run("with", func(b *testing.B) {
		b.ReportAllocs()
		src := Take(repeated(events), b.N)
		for _, err := range Aggregate(src, EventTime[codec.Event]{Assigner: Tumbling(time.Second), Timestamp: func(codec.Event) time.Time { return next() }}, func() int { return 0 }, func(n int, _ codec.Event) int { return n + 1 })(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("without", func(b *testing.B) {
		b.ReportAllocs()
		src := Take(repeated(bare), b.N)
		for _, err := range Aggregate(src, EventTime[without]{Assigner: Tumbling(time.Second), Timestamp: func(without) time.Time { return next() }}, func() int { return 0 }, func(n int, _ without) int { return n + 1 })(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// repeated delivers items again and again.
func repeated[T any](items []T) rxsse.Observable[T] {
	return func(context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for i := 0; yield(items[i%len(items)], nil); i++ {
			}
		}
	}
}

// In processing time, too, a result's position is before the first item that another
// window still holds, though that item came in an earlier batch.
func TestPositionsOfSlidingWindowsByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := rxsse.Observable[codec.Event](func(context.Context) iter.Seq2[codec.Event, error] {
			return func(yield func(codec.Event, error) bool) {
				time.Sleep(time.Second / 2)
				for _, id := range []string{"1", "2", "3"} {
					if !yield(codec.Event{ID: id}, nil) {
						return
					}
					time.Sleep(time.Second)
				}
				time.Sleep(time.Second)
			}
		})
		type result struct {
			ids    []string
			resume string
		}
		var got []result
		for w, err := range Window(src, Sliding(2*time.Second, time.Second))(t.Context()) {
			require.NoError(t, err)
			r := result{resume: w.Resume}
			for _, e := range w.Items {
				r.ids = append(r.ids, e.ID)
			}
			got = append(got, r)
		}
		assert.Equal(t, []result{
			{[]string{"1"}, ""}, {[]string{"1", "2"}, "1"}, {[]string{"2", "3"}, "2"}, {[]string{"3"}, "3"},
		}, got)
	})
}
