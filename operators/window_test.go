package operators

import (
	"context"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
)

// windowsBy draws the windows of a specification as [itemsOf] does.
func windowsBy[W WindowSpec[string]](spec W) func(letters) letters {
	return func(src letters) letters { return Map(Window(src, spec), itemsOf) }
}

// The diagrams in the documentation.
func TestWindowDiagrams(t *testing.T) {
	const src = "-1-2----3--------4--|"
	for _, row := range []struct {
		name     string
		assigner Assigner
		want     string
	}{
		{"Tumbling", Tumbling(5 * marble.Frame), "-----[w12]----[w3]---------([w4]|)"},
		{"Sliding", Sliding(10*marble.Frame, 5*marble.Frame), "-----[w12]----[w123]----[w3]----([w4][w4]|)"},
		{"Session", BySession(3 * marble.Frame), "------[w12]----[w3]--------([w4]|)"},
		{"Count", ByCount(2), "---[w12]-------------[w34]--|"},
		{"ByCount within", ByCount(2).Within(4 * marble.Frame), "---[w12]--------[w3]-------([w4]|)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			checkDiagrams(t, windowsBy(row.assigner), []diagram{{"", src, row.want}})
		})
	}
}

func TestWindowSliding(t *testing.T) {
	checkDiagrams(t, windowsBy(Sliding(4*marble.Frame, 2*marble.Frame)), []diagram{
		{"an item is in each window that spans it", "-a--------|", "--[wa]-[wa]-----|"},
		{"an item at an end is not in the window", "--a-------|", "----[wa]-[wa]---|"},
		{"items in the order in which they came", "ab(cd)|", "--[wab]([wabcd][wcd]|)"},
		{"an error comes after the partial windows", "a#", "-([wa][wa]#)"},
		{"nothing comes of nothing", "-------|", "-------|"},
	})
	t.Run("slide does not divide size", func(t *testing.T) {
		checkDiagrams(t, windowsBy(Sliding(5*marble.Frame, 3*marble.Frame)), []diagram{
			{"", "----a---b-----|", "-----[wa]--[wa]--[wb]--|"},
		})
	})
	t.Run("slide is size", func(t *testing.T) {
		checkDiagrams(t, windowsBy(Sliding(5*marble.Frame, 5*marble.Frame)), []diagram{
			{"", "a---b|", "-----([wab]|)"},
		})
	})
}

func TestWindowSession(t *testing.T) {
	checkDiagrams(t, windowsBy(BySession(3*marble.Frame)), []diagram{
		{"ends gap after the newest item", "a-b-c------|", "-------[wabc]---|"},
		{"an item at the end belongs to the next session", "a--b---|", "---[wa]--[wb]|"},
		{"completion delivers the session", "ab|", "--([wab]|)"},
		{"an error comes after the session", "ab#", "--([wab]#)"},
		{"an error when the session has ended", "a--#", "---([wa]#)"},
		{"items at once", "(ab)-(cd)----|", "-----[wabcd]-|"},
		{"nothing comes of nothing", "----|", "----|"},
	})
}

func TestWindowWithin(t *testing.T) {
	checkDiagrams(t, windowsBy(ByCount(3).Within(4*marble.Frame)), []diagram{
		{"the count closes it", "abc-------|", "--[wabc]-------|"},
		{"the time closes it", "ab--------|", "----[wab]-----|"},
		{"the time begins with the first item", "-------a--b----|", "-----------[wab]---|"},
		{"an item at the end belongs to the next window", "a---b----|", "----[wa]---[wb]|"},
		{"the time restarts after a full window", "abc-d---e---|", "--[wabc]-----[wd]---([we]|)"},
		{"never more than the count", "(abcdefg)|", "([wabc][wdef])([wg]|)"},
		{"an error comes after the partial window", "ab#", "--([wab]#)"},
		{"nothing comes of nothing", "--------|", "--------|"},
	})
}

func TestWindowBounds(t *testing.T) {
	for _, row := range []struct {
		name     string
		assigner Assigner
		want     []string
	}{
		{"Sliding", Sliding(4*marble.Frame, 2*marble.Frame), []string{"[a] [-2 2)", "[a b] [0 4)", "[b] [2 6)", "[c] [6 10)", "[c] [8 12)"}},
		{"Session", BySession(3 * marble.Frame), []string{"[a b] [1 6)", "[c] [9 12)"}},
		{"ByCount within", ByCount(2).Within(3 * marble.Frame), []string{"[a b] [1 3)", "[c] [9 10)"}},
		{"ByCount within, over", ByCount(9).Within(4 * marble.Frame), []string{"[a b] [1 5)", "[c] [9 10)"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				at := func(bound time.Time) int { return int(bound.Sub(start) / marble.Frame) }
				var got []string
				for w, err := range Window(marble.Cold("-a-b-----c|"), row.assigner)(t.Context()) {
					require.NoError(t, err)
					got = append(got, fmt.Sprintf("%v [%d %d)", w.Items, at(w.Start), at(w.End)))
				}
				assert.Equal(t, row.want, got)
			})
		})
	}
}

func TestWindowDropsOpenWindowsOnCancel(t *testing.T) {
	for name, a := range map[string]Assigner{
		"Sliding":        Sliding(6*marble.Frame, 2*marble.Frame),
		"Session":        BySession(5 * marble.Frame),
		"ByCount within": ByCount(9).Within(9 * marble.Frame),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 1*marble.Frame)
				defer cancel()
				assert.Equal(t, "-!", marble.Record(ctx, windowsBy(a)(marble.Cold("a"))))
			})
		})
	}
}

// The last windows are delivered one by one: a consumer that cancels while it has
// the first gets no other.
func TestWindowCancelledWhileItFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		windows := 0
		var failure error
		for _, err := range Window(marble.Cold("a|"), Sliding(6*marble.Frame, 2*marble.Frame))(ctx) {
			if failure = err; err == nil {
				windows++
				cancel()
			}
		}
		assert.Equal(t, 1, windows)
		assert.ErrorIs(t, failure, context.Canceled)
	})
}

// Items and ends of windows fall on the same instants; the scheduler serves
// either first.
func TestWindowTies(t *testing.T) {
	for _, row := range []struct {
		name     string
		assigner Assigner
		want     string
	}{
		{"Sliding", Sliding(4*marble.Frame, 2*marble.Frame), "--[wa]-[wab]-[wbc]-([wcd][wd]|)"},
		{"Session", BySession(2 * marble.Frame), "--[wa]-[wb]-[wc]-([wd]|)"},
		{"ByCount within", ByCount(2).Within(2 * marble.Frame), "--[wa]-[wb]-[wc]-([wd]|)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for range ties {
				synctest.Test(t, func(t *testing.T) {
					got := marble.Record(t.Context(), windowsBy(row.assigner)(marble.Cold("a-b-c-d-|")))
					require.Equal(t, row.want, got)
				})
			}
		})
	}
}

// A consumer that is busy when windows end gets those that have ended when it
// returns, and the timer for the others is not late by the time it took.
func TestWindowWithBusyConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []string
		for w, err := range Window(marble.Cold("a----b---------------|"), Tumbling(4*marble.Frame))(t.Context()) {
			require.NoError(t, err)
			got = append(got, fmt.Sprintf("%v@%d", w.Items, time.Since(start)/marble.Frame))
			time.Sleep(2 * marble.Frame)
		}
		assert.Equal(t, []string{"[a]@4", "[b]@8"}, got)
	})
}

// The items of an early result belong to the consumer: what it appends does not get into
// the window, and the window does not change them.
func TestItemsOfAnEarlyResultAreTheConsumers(t *testing.T) {
	var early, final [][]int
	for w, err := range Window(from(1, 2, 3, 4), ByCount(4), WithEarlyAfter(1))(t.Context()) {
		require.NoError(t, err)
		if !w.Early {
			final = append(final, w.Items)
			continue
		}
		_ = append(w.Items, 99)
		w.Items[0] = -1
		early = append(early, w.Items)
	}
	assert.Equal(t, [][]int{{1, 2, 3, 4}}, final)
	for i, items := range early {
		assert.Len(t, items, i+1)
	}
	assert.NotEmpty(t, early)
}

// Window runs src on the consumer's goroutine unless the clock of the machine ends windows:
// then src does not run on while the consumer has a result.
func TestWindowRunsItsSourceOnTheConsumersGoroutine(t *testing.T) {
	event := EventTime[int]{Assigner: Tumbling(time.Second), Timestamp: func(v int) time.Time { return time.Unix(int64(v), 0) }}
	idle := event
	idle.Idle = 1
	for _, row := range []struct {
		name   string
		window func(ints) rxsse.Observable[WindowOf[int]]
		read   int // items when the consumer has the first result
	}{
		{"ByCount", func(s ints) rxsse.Observable[WindowOf[int]] { return Window(s, ByCount(3)) }, 3},
		{"BySlidingCount", func(s ints) rxsse.Observable[WindowOf[int]] { return Window(s, BySlidingCount(3, 1)) }, 3},
		{"ByWeight", func(s ints) rxsse.Observable[WindowOf[int]] {
			return Window(s, ByWeight(3, func(int) int { return 1 }))
		}, 3},
		{"ByLast", func(s ints) rxsse.Observable[WindowOf[int]] {
			return Window(s, ByLast(func(v int) bool { return v == 2 }))
		}, 3},
		{"EventTime", func(s ints) rxsse.Observable[WindowOf[int]] { return Window(s, event) }, 2},
		{"WithEarlyAfter", func(s ints) rxsse.Observable[WindowOf[int]] { return Window(s, ByCount(9), WithEarlyAfter(4)) }, 4},
		{"Tumbling", func(s ints) rxsse.Observable[WindowOf[int]] { return Window(s, Tumbling(1)) }, 10},
		{"BySession", func(s ints) rxsse.Observable[WindowOf[int]] { return Window(s, BySession(1)) }, 10},
		{"ByCount within", func(s ints) rxsse.Observable[WindowOf[int]] { return Window(s, ByCount(3).Within(1)) }, 10},
		{"ByWeight within", func(s ints) rxsse.Observable[WindowOf[int]] {
			return Window(s, ByWeight(3, func(int) int { return 1 }).Within(1))
		}, 10},
		{"EventTime with Idle", func(s ints) rxsse.Observable[WindowOf[int]] { return Window(s, idle) }, 10},
		{"WithEarlyEvery", func(s ints) rxsse.Observable[WindowOf[int]] { return Window(s, ByCount(3), WithEarlyEvery(1)) }, 10},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				read := 0
				src := Tap(from(upTo(10)...), func(int) { read++ })
				for _, err := range row.window(src)(t.Context()) {
					require.NoError(t, err)
					synctest.Wait() // until src has read what it can
					break
				}
				assert.Equal(t, row.read, read)
			})
		})
	}
}

// A window by count has room for its items from the beginning, up to a bound.
func TestRoomOfAWindowByCount(t *testing.T) {
	for n, room := range map[int]int{1: 1, 100: 100, 1024: 1024, 5000: 1024, math.MaxInt: 1024} {
		w := collect(t, Window(from(1), ByCount(n)))[0]
		assert.Equal(t, room, cap(w.Items), "ByCount(%d)", n)
	}
	w := collect(t, Window(from(1), ByWeight(100, func(int) int { return 1 })))[0]
	assert.Less(t, cap(w.Items), 100, "the number of items is not known")
}
