package operators

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

// inner returns a function that returns the stream drawn for an item, whose items are named
// after it.
func inner(diagrams map[string]string) func(string) letters {
	return func(outer string) letters {
		return Map(marble.Cold(diagrams[outer]), func(s string) string { return outer + s })
	}
}

func TestFlatMaps(t *testing.T) {
	streams := map[string]string{"a": "1--2|", "b": "1--2|", "f": "1#", "s": "", "e": "|"}
	for name, c := range map[string]struct {
		op   func(letters) letters
		rows []diagram
	}{
		"ConcatMap": {
			func(src letters) letters { return ConcatMap(src, inner(streams)) },
			[]diagram{
				{"one after the other", "ab|", "[a1]--[a2][b1]--[b2]|"},
				{"waits for the source", "a-----b|", "[a1]--[a2]--[b1]--[b2]|"},
				{"an inner error", "fa|", "[f1]#"},
				{"an outer error", "e-#", "--#"},
				{"empty inners", "ee|", "--|"},
			},
		},
		"MergeMap of 2": {
			func(src letters) letters { return MergeMap(src, 2, inner(streams)) },
			[]diagram{
				{"both at once", "ab|", "[a1][b1]-[a2][b2]|"},
				{"completes with the last", "a-|", "[a1]--[a2]|"},
				{"the third waits", "abe|", "[a1][b1]-[a2][b2]|"},
				{"an inner error ends all", "af--|", "[a1][f1]#"},
				{"an outer error ends all", "s#", "-#"},
				{"nothing", "--|", "--|"},
			},
		},
		"SwitchMap": {
			func(src letters) letters { return SwitchMap(src, inner(streams)) },
			[]diagram{
				{"the newest alone", "a-b----|", "[a1]-[b1]--[b2]-|"},
				{"the end of the last inner", "a-b|", "[a1]-[b1]--[b2]|"},
				{"a silent inner is given up", "s-a----|", "--[a1]--[a2]-|"},
				{"an inner error", "f---|", "[f1]#"},
				{"an outer error", "s--#", "---#"},
				{"nothing", "--|", "--|"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) { checkDiagrams(t, c.op, c.rows) })
	}
}

func TestMergeMapRunsNoMoreThanItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		got := collect(t, MergeMap(from(upTo(100)...), 3, func(v int) rxsse.Observable[int] {
			return Delay(Finally(Tap(from(v), func(int) {
				most.Store(max(most.Load(), running.Add(1)))
			}), func() { running.Add(-1) }), time.Second)
		}))
		assert.ElementsMatch(t, upTo(100), got)
		assert.LessOrEqual(t, most.Load(), int32(3))
	})
}

func upTo(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	return items
}

// Queued items of an abandoned stream are not delivered after the switch.
func TestSwitchMapDropsWhatIsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		src := SwitchMap(marble.Cold("a-b|"), inner(map[string]string{"a": "(123456)-|", "b": "x|"}))
		for v, err := range src(t.Context()) {
			require.NoError(t, err)
			if got = append(got, v); len(got) == 2 {
				time.Sleep(5 * marble.Frame) // b arrives meanwhile
			}
		}
		assert.Equal(t, []string{"a1", "a2", "bx"}, got)
	})
}

// The error with which a cancelled inner stream ends is not an error of the stream.
func TestSwitchMapTakesItsOwnCancellationForNoFailure(t *testing.T) {
	last := 200
	got := collect(t, SwitchMap(from(upTo(last+1)...), func(v int) rxsse.Observable[int] {
		if v == last {
			return from(v)
		}
		return Map(marble.Cold(""), func(string) int { return v })
	}))
	assert.Equal(t, []int{last}, got)
}

func TestContractOfFlatMaps(t *testing.T) {
	type ints = rxsse.Observable[int]
	items := []int{1, 2, 3}
	single := func(v int) ints { return from(v) }
	explode := func(v any) func(int) ints { return func(int) ints { panic(v) } }
	for name, o := range map[string]rxssetest.Operator[int, int]{
		"ConcatMap": {
			Apply:     func(src ints) ints { return ConcatMap(src, single) },
			Panicking: func(src ints, v any) ints { return ConcatMap(src, explode(v)) },
		},
		"MergeMap": {
			Apply:     func(src ints) ints { return MergeMap(src, 2, single) },
			Panicking: func(src ints, v any) ints { return MergeMap(src, 2, explode(v)) },
		},
		"SwitchMap": {
			Apply:     func(src ints) ints { return SwitchMap(src, single) },
			Panicking: func(src ints, v any) ints { return SwitchMap(src, explode(v)) },
		},
	} {
		o.Items = items
		t.Run(name, o.Check)
	}
	assert.PanicsWithValue(t, "operators: MergeMap: n must be positive, got 0", func() { MergeMap(from(1), 0, single) })
}
