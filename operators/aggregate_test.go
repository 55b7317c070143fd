package operators

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

// join is a fold that shows its items and their order.
func join(joined, v string) string { return joined + v }

func nothing() string { return "=" }

// byLetter keys "a1" and "a2" alike.
func byLetter(v string) string { return v[:1] }

func joined(src rxsse.Observable[string], a Assigner) rxsse.Observable[string] {
	return Map(Aggregate(src, a, nothing, join), func(w WindowResult[string]) string { return w.Value })
}

func joinedBy(src rxsse.Observable[string], a Assigner) rxsse.Observable[string] {
	return Map(AggregateBy(src, byLetter, a, nothing, join), func(w Keyed[string, WindowResult[string]]) string {
		return w.Key + w.Value.Value
	})
}

func TestAggregate(t *testing.T) {
	const src = "-1-2----3--------4--|"
	for _, row := range []struct {
		name     string
		assigner Assigner
		want     string
	}{
		{"Tumbling", Tumbling(5 * marble.Frame), "-----[=12]----[=3]---------([=4]|)"},
		{"Sliding", Sliding(10*marble.Frame, 5*marble.Frame), "-----[=12]----[=123]----[=3]----([=4][=4]|)"},
		{"Session", BySession(3 * marble.Frame), "------[=12]----[=3]--------([=4]|)"},
		{"Count", ByCount(2), "---[=12]-------------[=34]--|"},
		{"ByCount within", ByCount(2).Within(4 * marble.Frame), "---[=12]--------[=3]-------([=4]|)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			checkDiagrams(t, func(src rxsse.Observable[string]) rxsse.Observable[string] {
				return joined(src, row.assigner)
			}, []diagram{{"", src, row.want}})
		})
	}
}

func TestAggregateBy(t *testing.T) {
	const src = "-[a1]-[b2]-[a3]----[b4]--|"
	for _, row := range []struct {
		name     string
		assigner Assigner
		want     string
	}{
		{"Tumbling", Tumbling(9 * marble.Frame), "---------([a=a1a3][b=b2])---([b=b4]|)"},
		{"Sliding", Sliding(8*marble.Frame, 4*marble.Frame), "----([a=a1][b=b2])---([a=a1a3][b=b2])---([a=a3][b=b4])([b=b4]|)"},
		{"Session", BySession(5 * marble.Frame), "--------[b=b2]-[a=a1a3]--([b=b4]|)"},
		{"Count", ByCount(2), "-----[a=a1a3]----[b=b2b4]--|"},
		{"ByCount within", ByCount(2).Within(6 * marble.Frame), "-----[a=a1a3]---[b=b2]---([b=b4]|)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			checkDiagrams(t, func(src rxsse.Observable[string]) rxsse.Observable[string] {
				return joinedBy(src, row.assigner)
			}, []diagram{{"", src, row.want}, {"failing", failing(src), failing(row.want)}})
		})
	}
}

// failing draws an error where the diagram has its completion.
func failing(diagram string) string { return strings.ReplaceAll(diagram, "|", "#") }

func TestAggregateContract(t *testing.T) {
	type (
		ints = rxsse.Observable[int]
		op   = rxssetest.Operator[int, WindowResult[int]]
		byOp = rxssetest.Operator[int, Keyed[int, WindowResult[int]]]
	)
	items := []int{1, 2, 3, 4, 5, 6}
	none := func() int { return 0 }
	add := func(sum, v int) int { return sum + v }
	odd := func(v int) int { return v % 2 }
	for name, a := range map[string]Assigner{
		"Tumbling":       Tumbling(3 * time.Second),
		"Sliding":        Sliding(4*time.Second, 2*time.Second),
		"Session":        BySession(2 * time.Second),
		"Count":          ByCount(2),
		"ByCount within": ByCount(2).Within(time.Second),
	} {
		t.Run("Aggregate "+name, op{
			Apply: func(src ints) rxsse.Observable[WindowResult[int]] { return Aggregate(src, a, none, add) },
			Panicking: func(src ints, v any) rxsse.Observable[WindowResult[int]] {
				return Aggregate(src, a, none, func(int, int) int { panic(v) })
			},
			Items: items,
		}.Check)
		t.Run("AggregateBy "+name, byOp{
			Apply: func(src ints) rxsse.Observable[Keyed[int, WindowResult[int]]] {
				return AggregateBy(src, odd, a, none, add)
			},
			Panicking: func(src ints, v any) rxsse.Observable[Keyed[int, WindowResult[int]]] {
				return AggregateBy(src, func(int) int { panic(v) }, a, none, add)
			},
			Items: items,
		}.Check)
	}
}

// In event time, each key has the windows that the oracle gives for its readings alone.
func TestAggregateByInEventTimeEqualsSortThenWindow(t *testing.T) {
	const bound = 50
	for name, a := range eventAssigners() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(200) {
				readings := outOfOrder(rand.New(rand.NewPCG(seed, 4)), bound)
				event := EventTime[reading]{Assigner: a, Timestamp: reading.time, OutOfOrder: bound * time.Millisecond}
				got := map[int][]span{}
				for _, w := range collect(t, AggregateBy(from(readings...), func(r reading) int { return r.sensor }, event,
					func() []reading { return nil },
					func(all []reading, r reading) []reading { return append(all, r) },
				)) {
					got[w.Key] = append(got[w.Key], spanOf(w.Value.Start.UnixMilli(), w.Value.End.UnixMilli(), w.Value.Value))
				}
				want := map[int][]span{}
				for _, r := range readings {
					if want[r.sensor] == nil {
						of := slices.DeleteFunc(slices.Clone(readings), func(o reading) bool { return o.sensor != r.sensor })
						want[r.sensor] = sortThenWindow(of, a)
					}
				}
				require.Equal(t, want, got, "seed %d: %v", seed, readings)
			}
		})
	}
}

// A late item delivers its own key again, and no other.
func TestAggregateByDeliversAgainOnlyTheKeyOfALateItem(t *testing.T) {
	readings := []reading{{id: 1, sensor: 1, at: 1}, {id: 2, sensor: 2, at: 2}, {id: 3, sensor: 3, at: 12}, {id: 4, sensor: 2, at: 3}}
	var got []string
	for _, w := range collect(t, AggregateBy(from(readings...), func(r reading) int { return r.sensor }, EventTime[reading]{
		Assigner:  Tumbling(10 * time.Millisecond),
		Timestamp: reading.time,
		Lateness:  time.Second,
	}, nothing, func(ids string, r reading) string { return ids + fmt.Sprint(r.id) })) {
		got = append(got, fmt.Sprint(w.Key, w.Value.Value))
	}
	assert.Equal(t, []string{"1=1", "2=2", "2=24", "3=3"}, got)
}

// Every window has its own accumulator: one that add modifies in place is not reused in the
// next window.
func TestAggregatesShareNothing(t *testing.T) {
	for name, a := range map[string]Assigner{
		"Tumbling": Tumbling(2 * marble.Frame), "Count": ByCount(2), "Session": BySession(time.Hour),
		"ByCount within": ByCount(2).Within(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				count := func(seen map[string]int, v string) map[string]int { seen[v]++; return seen }
				start := func() map[string]int { return map[string]int{} }
				total := map[string]int{}
				for w, err := range Aggregate(marble.Cold("abacabba|"), a, start, count)(t.Context()) {
					require.NoError(t, err)
					for v, n := range w.Value {
						total[v] += n
					}
				}
				assert.Equal(t, map[string]int{"a": 4, "b": 3, "c": 1}, total)
			})
		})
	}
}

// A consumer that cancels between the keys of a window gets no other key.
func TestAggregateByCancelledBetweenKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		results := 0
		var failure error
		for _, err := range joinedBy(marble.Cold("abcd------"), Tumbling(5*marble.Frame))(ctx) {
			if failure = err; err == nil {
				results++
				cancel()
			}
		}
		assert.Equal(t, 1, results)
		assert.ErrorIs(t, failure, context.Canceled)
	})
}

// Keys that do not equal themselves do not leak.
func TestAggregateByNaN(t *testing.T) {
	for name, a := range map[string]Assigner{"Tumbling": Tumbling(4 * marble.Frame), "Session": BySession(2 * marble.Frame)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nan := func(string) float64 { return math.NaN() }
				var got []string
				for w, err := range AggregateBy(marble.Cold("ab-------c|"), nan, a, nothing, join)(t.Context()) {
					require.NoError(t, err)
					got = append(got, w.Value.Value)
				}
				assert.Equal(t, []string{"=a", "=b", "=c"}, got)
			})
		})
	}
}
