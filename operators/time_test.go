package operators

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
)

// A diagram is a marble test of op on src.
type diagram struct{ name, src, want string }

func checkDiagrams[T any](t *testing.T, op func(rxsse.Observable[string]) rxsse.Observable[T], rows []diagram) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := marble.Record(t.Context(), op(marble.Cold(row.src)))
				assert.Equal(t, row.want, got, "src:  %s\ngot:  %s\nwant: %s", row.src, got, row.want)
			})
		})
	}
}

func TestDebounce(t *testing.T) {
	checkDiagrams(t, func(src rxsse.Observable[string]) rxsse.Observable[string] {
		return Debounce(src, 3*marble.Frame)
	}, []diagram{
		{"delivers after the silence", "a----b-c-----|", "---a------c--|"},
		{"delivers the newest", "ab-cd----|", "-------d-|"},
		{"never delivers while items keep coming", "a-b-c-d-e-f-g#", "-------------#"},
		{"completion delivers the pending item at once", "a-b|", "---(b|)"},
		{"completion delivers nothing twice", "a----|", "---a-|"},
		{"an error drops the pending item", "a#", "-#"},
		{"an error that comes when the item is due comes after it", "a--#", "---(a#)"},
		{"an item that comes when the other is due does not replace it", "a--b----|", "---a--b-|"},
		{"several items at once", "(abc)----|", "---c-|"},
		{"nothing comes of nothing", "-----|", "-----|"},
		{"a fast end", "(a|)", "(a|)"},
		{"silence between", "a------------b------------|", "---a------------b---------|"},
	})
}

// Thousands of ties, in which the timer and the item become ready at the same
// instant and the scheduler serves either first.
func TestDebounceTies(t *testing.T) {
	for range ties {
		synctest.Test(t, func(t *testing.T) {
			got := marble.Record(t.Context(), Debounce(marble.Cold("a--b--c--d--|"), 3*marble.Frame))
			require.Equal(t, "---a--b--c--(d|)", got)
		})
	}
}

func TestDebounceKeepsZeroValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := 1
		for v, err := range Debounce(from[*int](&one, nil), time.Second)(t.Context()) {
			require.NoError(t, err)
			assert.Nil(t, v, "a nil item is an item")
		}
	})
}

// A consumer that is busy gets, when it returns, the newest item, once d has
// passed from then.
func TestDebounceWithBusyConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []string
		for v, err := range Debounce(marble.Cold("a---b-c-d----------------------e|"), 3*marble.Frame)(t.Context()) {
			require.NoError(t, err)
			got = append(got, fmt.Sprintf("%s@%d", v, time.Since(start)/marble.Frame))
			if v == "a" {
				time.Sleep(17 * marble.Frame)
			}
		}
		assert.Equal(t, []string{"a@3", "d@23", "e@32"}, got)
	})
}

// itemsOf draws a window: a w before its items marks it.
func itemsOf(w WindowOf[string]) string { return "w" + strings.Join(w.Items, "") }

func TestWindowTumbling(t *testing.T) {
	checkDiagrams(t, windowsBy(Tumbling(5*marble.Frame)), []diagram{
		{"delivers at the end of the window", "-a-b-c--|", "-----[wab]--([wc]|)"},
		{"an item at the end belongs to the next window", "a----b---------|", "-----[wa]----[wb]----|"},
		{"no empty windows", "-a-----------b---|", "-----[wa]---------[wb]-|"},
		{"completion delivers the partial window", "a-b|", "---([wab]|)"},
		{"completion at the end of the window", "a-b--|", "-----([wab]|)"},
		{"an error comes after the partial window", "a-b#", "---([wab]#)"},
		{"an error alone", "--#", "--#"},
		{"nothing comes of nothing", "-------------|", "-------------|"},
	})
}

func TestWindowTumblingDropsThePartialWindowOnCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*marble.Frame)
		defer cancel()
		assert.Equal(t, "-----[wab]-!", marble.Record(ctx, windowsBy(Tumbling(5*marble.Frame))(marble.Cold("a-b--c"))))
	})
}

func TestWindowTumblingTies(t *testing.T) {
	for range ties {
		synctest.Test(t, func(t *testing.T) {
			got := marble.Record(t.Context(), windowsBy(Tumbling(3*marble.Frame))(marble.Cold("a--b--c--d--|")))
			require.Equal(t, "---[wa]--[wb]--[wc]--([wd]|)", got)
		})
	}
}

func TestWindowTumblingKnowsItsBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(17 * time.Millisecond) // off the grid
		start := time.Now()
		var got []string
		for w, err := range Window(marble.Cold("----a---------------b|"), Tumbling(10*time.Millisecond))(t.Context()) {
			require.NoError(t, err)
			got = append(got, fmt.Sprintf("%v [%d %d)", w.Items, w.Start.UnixMilli()-start.UnixMilli(), w.End.UnixMilli()-start.UnixMilli()))
			assert.NotContains(t, w.Start.String(), "m=", "bounds are wall clock times")
			assert.Zero(t, w.Start.UnixNano()%int64(10*time.Millisecond), "aligned to the epoch")
		}
		assert.Equal(t, []string{"[a] [3 13)", "[b] [13 23)"}, got)
	})
}

func TestWindowCount(t *testing.T) {
	checkDiagrams(t, func(src rxsse.Observable[string]) rxsse.Observable[string] {
		return Map(Window(src, ByCount(2)), itemsOf)
	}, []diagram{
		{"delivers with the last item", "-a--b-c-d-|", "----[wab]---[wcd]-|"},
		{"completion delivers the partial window", "abc-|", "-[wab]--([wc]|)"},
		{"completion delivers no empty window", "ab-|", "-[wab]-|"},
		{"an error comes after the partial window", "abc#", "-[wab]-([wc]#)"},
		{"nothing comes of nothing", "---|", "---|"},
	})
}

func TestWindowCountDropsThePartialWindowOnCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*marble.Frame)
		defer cancel()
		got := marble.Record(ctx, Map(Window(marble.Cold("abc"), ByCount(2)), itemsOf))
		assert.Equal(t, "-[wab]--!", got)
	})
}

func TestWindowCountKnowsItsBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for w, err := range Window(marble.Cold("--a--b|"), ByCount(2))(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, 2*marble.Frame, w.Start.Sub(start))
			assert.Equal(t, 5*marble.Frame, w.End.Sub(start))
		}
	})
}

// Windows belong to their receiver, which can modify one without changing another.
func TestWindowsShareNothing(t *testing.T) {
	for name, a := range map[string]Assigner{"Count": ByCount(2), "Tumbling": Tumbling(2 * marble.Frame)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var all []WindowOf[string]
				for w, err := range Window(marble.Cold("abcdef|"), a)(t.Context()) {
					require.NoError(t, err)
					all = append(all, w)
					_ = append(w.Items, "overwritten")
				}
				require.Len(t, all, 3)
				assert.Equal(t, []string{"a", "b"}, all[0].Items)
				assert.Equal(t, []string{"c", "d"}, all[1].Items)
				assert.Equal(t, []string{"e", "f"}, all[2].Items)
			})
		})
	}
}

func TestImpossibleArgumentsPanic(t *testing.T) {
	src := from(1)
	for want, build := range map[string]func(){
		"operators: Audit: d must be positive, got 0s":        func() { Audit(src, 0) },
		"operators: Debounce: d must be positive, got 0s":     func() { Debounce(src, 0) },
		"operators: TakeLast: n must not be negative, got -1": func() { TakeLast(src, -1) },
		"operators: Skip: n must not be negative, got -2":     func() { Skip(src, -2) },
		"operators: Distinct: n must be positive, got 0":      func() { Distinct(src, 0, func(v int) int { return v }) },
		"operators: Take: n must not be negative, got -1":     func() { Take(src, -1) },
	} {
		assert.PanicsWithValue(t, want, build)
	}
}
