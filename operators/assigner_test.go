package operators

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestWindowContract(t *testing.T) {
	type (
		ints    = rxsse.Observable[int]
		windows = rxsse.Observable[WindowOf[int]]
	)
	odd := func(v int) bool { return v%2 == 1 }
	self := func(v int) int { return v }
	for name, row := range map[string]struct {
		apply     func(ints) windows
		panicking func(src ints, v any) windows
	}{
		"Tumbling":         {apply: func(src ints) windows { return Window(src, Tumbling(3*time.Second)) }},
		"Tumbling with In": {apply: func(src ints) windows { return Window(src, Tumbling(24*time.Hour).In(time.UTC)) }},
		"Sliding":          {apply: func(src ints) windows { return Window(src, Sliding(4*time.Second, 2*time.Second).Offset(time.Second)) }},
		"BySession":        {apply: func(src ints) windows { return Window(src, BySession(2*time.Second)) }},
		"ByCount":          {apply: func(src ints) windows { return Window(src, ByCount(4)) }},
		"ByCount and time": {apply: func(src ints) windows { return Window(src, ByCount(2).Within(time.Hour)) }},
		"ByCount or time":  {apply: func(src ints) windows { return Window(src, ByCount(1000).Within(3*time.Second)) }},
		"BySlidingCount":   {apply: func(src ints) windows { return Window(src, BySlidingCount(3, 1)) }},
		"WithEarlyAfter":   {apply: func(src ints) windows { return Window(src, ByCount(4), WithEarlyAfter(3)) }},
		"WithEarlyEvery":   {apply: func(src ints) windows { return Window(src, ByCount(4), WithEarlyEvery(time.Second)) }},
		"early and Tumbling": {apply: func(src ints) windows {
			return Window(src, Tumbling(time.Hour), WithEarlyAfter(1), WithEarlyEvery(time.Second))
		}},
		"ByWeight": {
			func(src ints) windows { return Window(src, ByWeight(5, self)) },
			func(src ints, v any) windows { return Window(src, ByWeight(5, func(int) int { panic(v) })) },
		},
		"ByWeight or time": {
			func(src ints) windows { return Window(src, ByWeight(5, self).Within(time.Second)) },
			func(src ints, v any) windows {
				return Window(src, ByWeight(5, func(int) int { panic(v) }).Within(time.Second))
			},
		},
		"ByLast": {
			func(src ints) windows { return Window(src, ByLast(odd)) },
			func(src ints, v any) windows { return Window(src, ByLast(func(int) bool { panic(v) })) },
		},
		"ByLast or count": {
			func(src ints) windows { return Window(src, ByLast(odd).AtMost(2)) },
			func(src ints, v any) windows { return Window(src, ByLast(func(int) bool { panic(v) }).AtMost(2)) },
		},
	} {
		t.Run(name, rxssetest.Operator[int, WindowOf[int]]{Apply: row.apply, Panicking: row.panicking, Items: []int{1, 2, 3, 4, 5, 6}}.Check)
	}
}

func TestWindowsThatAnItemCloses(t *testing.T) {
	weight := func(v string) int { return int(v[0] - 'a') } // a weighs 0
	for _, row := range []struct {
		name, src, want string
		build           func(letters) letters
	}{
		{"an item that does not fit begins the next window", "bcd-bb|", "-[wbc][wd]---([wbb]|)", windowsBy(ByWeight(3, weight))},
		{"a full window closes at once", "bcb|", "-[wbc]-([wb]|)", windowsBy(ByWeight(3, weight))},
		{"an item alone can be too heavy", "bhb|", "-([wb][wh])-([wb]|)", windowsBy(ByWeight(3, weight))},
		{"items can weigh nothing", "aab|", "---([waab]|)", windowsBy(ByWeight(3, weight))},
		{"weight and time", "b----c|", "---[wb]--([wc]|)", windowsBy(ByWeight(3, weight).Within(3 * marble.Frame))},
		{"the last item closes", "abcab|", "-[wab]--[wcab]|", windowsBy(ByLast(func(v string) bool { return v == "b" }))},
		{"last item and time", "a---cb|", "---[wa]-[wcb]|", windowsBy(ByLast(func(v string) bool { return v == "b" }).Within(3 * marble.Frame))},
		{"last item and count", "aaab|", "-[waa]-[wab]|", windowsBy(ByLast(func(v string) bool { return v == "b" }).AtMost(2))},
		{"sliding count", "abcde|", "--[wabc]-[wcde]([we]|)", windowsBy(BySlidingCount(3, 2))},
		{"sliding count by one", "abcd|", "--[wabc][wbcd]([wcd][wd]|)", windowsBy(BySlidingCount(3, 1))},
		{"sliding count by all", "abcdefg|", "--[wabc]--[wdef]-([wg]|)", windowsBy(BySlidingCount(3, 3))},
		{"sliding count and time", "ab------c|", "----[wab][wb]---([wc]|)", windowsBy(BySlidingCount(3, 1).Within(4 * marble.Frame))},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				assert.Equal(t, row.want, marble.Record(t.Context(), row.build(marble.Cold(row.src))))
			})
		})
	}
}

// Windows that items end, compared with plain definitions, for all items and per key.
func TestWindowsByItemsEqualThePlainOnes(t *testing.T) {
	weight := func(v int) int { return v%7 - 1 }
	isLast := func(v int) bool { return v%5 == 0 }
	windows := func(items []int, closes func(window []int) (now, before bool)) (all [][]int) {
		var open []int
		for _, v := range items {
			now, before := closes(append(slices.Clone(open), v))
			if before {
				all, open = append(all, open), nil
			}
			if open = append(open, v); now {
				all, open = append(all, open), nil
			}
		}
		if len(open) > 0 {
			all = append(all, open)
		}
		return all
	}
	byWeight := func(items []int) [][]int {
		return windows(items, func(window []int) (now, before bool) {
			sum := 0
			for _, v := range window {
				sum += max(0, weight(v))
			}
			last := max(0, weight(window[len(window)-1]))
			before = sum > 9 && len(window) > 1
			return sum == 9 || before && last >= 9 || len(window) == 1 && sum > 9, before
		})
	}
	byLast := func(items []int) [][]int {
		return windows(items, func(window []int) (now, before bool) {
			return isLast(window[len(window)-1]) || len(window) == 4, false
		})
	}
	bySlidingCount := func(items []int) (all [][]int) {
		for from := 0; from < len(items); from += 2 {
			all = append(all, items[from:min(from+5, len(items))])
		}
		return all
	}
	key := func(v int) int { return v % 3 }
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 1))
		items := make([]int, random.IntN(100))
		for i := range items {
			items[i] = random.IntN(1000)
		}
		checkWindows(t, items, key, ByWeight(9, weight), byWeight)
		checkWindows(t, items, key, ByLast(isLast).AtMost(4), byLast)
		checkWindows(t, items, key, BySlidingCount(5, 2), bySlidingCount)
	}
}

func checkWindows[W WindowSpec[int]](t *testing.T, items []int, key func(int) int, spec W, plain func([]int) [][]int) {
	t.Helper()
	var got [][]int
	for _, w := range collect(t, Window(from(items...), spec)) {
		got = append(got, w.Items)
	}
	require.Equal(t, plain(items), got, "%T of %v", spec, items)

	ofKeys := map[int][][]int{}
	for _, r := range collect(t, AggregateBy(from(items...), key, spec,
		func() []int { return nil },
		func(all []int, v int) []int { return append(all, v) },
	)) {
		ofKeys[r.Key] = append(ofKeys[r.Key], r.Value.Value)
	}
	for k := range 3 {
		of := slices.DeleteFunc(slices.Clone(items), func(v int) bool { return key(v) != k })
		require.Equal(t, plain(of), ofKeys[k], "%T of %v", spec, of)
	}
}

// The clock of a bubble begins at midnight, so windows of 5 begin at multiples of 5.
func TestWindowOffset(t *testing.T) {
	checkDiagrams(t, windowsBy(Tumbling(5*marble.Frame).Offset(2*marble.Frame)), []diagram{
		{"moved forward", "-a-b----c--|", "--[wa]----[wb]---([wc]|)"},
	})
	checkDiagrams(t, windowsBy(Sliding(4*marble.Frame, 2*marble.Frame).Offset(-marble.Frame)), []diagram{
		{"moved back", "a-----|", "-[wa]-[wa]--|"},
	})
}

// Days in Berlin, by the system clock, around the night in which the clocks are put forward.
func TestWindowDaysInAPlace(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2000, 3, 25, 12, 0, 0, 0, berlin)))
		visits := RateLimit(from(1, 2, 3, 4, 5, 6, 7, 8, 9), rate.NewLimiter(rate.Every(6*time.Hour), 1))
		const layout = "Jan 2 15:04"
		var got []string
		for w, err := range Window(visits, Tumbling(24*time.Hour).In(berlin))(t.Context()) {
			require.NoError(t, err)
			if !w.Partial {
				assert.Equal(t, w.End.In(berlin).Format(layout), time.Now().In(berlin).Format(layout), "delivered when it ends")
			}
			got = append(got, w.Start.In(berlin).Format(layout)+" "+w.End.Sub(w.Start).String())
		}
		assert.Equal(t, []string{"Mar 25 00:00 24h0m0s", "Mar 26 00:00 23h0m0s", "Mar 27 00:00 24h0m0s"}, got)
	})
}

func TestAssignersRefuse(t *testing.T) {
	byIndex := func(v int) int { return v }
	for name, row := range map[string]struct {
		want  string
		build func()
	}{
		"no size":             {"operators: Sliding: size must be positive, got 0s", func() { Sliding(0, 1) }},
		"no slide":            {"operators: Sliding: slide must be positive and at most size (1s), got 0s", func() { Sliding(time.Second, 0) }},
		"holes":               {"operators: Sliding: slide must be positive and at most size (1s), got 2s", func() { Sliding(time.Second, 2*time.Second) }},
		"no gap":              {"operators: BySession: gap must be positive, got -1s", func() { BySession(-time.Second) }},
		"no count":            {"operators: ByCount: n must be positive, got 0", func() { ByCount(0).Within(time.Second) }},
		"no time":             {"operators: Within: d must be positive, got 0s", func() { ByCount(1).Within(0) }},
		"zero for Window":     {"operators: Window: the zero Assigner is invalid: use Tumbling, Sliding, BySession, ByCount or BySlidingCount", func() { Window(from(1), Assigner{}) }},
		"zero ItemAssigner":   {"operators: Window: the zero ItemAssigner is invalid: use ByWeight or ByLast", func() { Window(from(1), ItemAssigner[int]{}) }},
		"no length":           {"operators: Tumbling: size must be positive, got -1s", func() { Tumbling(-time.Second) }},
		"count and hole":      {"operators: BySlidingCount: step must be positive and at most n (3), got 4", func() { BySlidingCount(3, 4) }},
		"no step":             {"operators: BySlidingCount: step must be positive and at most n (3), got 0", func() { BySlidingCount(3, 0) }},
		"no weight":           {"operators: ByWeight: limit must be positive, got 0", func() { ByWeight(0, byIndex) }},
		"weight and count":    {"operators: AtMost is for ByLast; ByWeight has a limit", func() { ByWeight(1, byIndex).AtMost(1) }},
		"no items":            {"operators: AtMost: n must be positive, got 0", func() { ByLast(func(int) bool { return true }).AtMost(0) }},
		"time of time":        {"operators: Within is for windows by count; Tumbling, Sliding and BySession end by time anyway", func() { Tumbling(1).Within(1) }},
		"time of ByLast":      {"operators: Within: d must be positive, got 0s", func() { ByLast(func(int) bool { return true }).Within(0) }},
		"offset of a session": {"operators: Offset is for Tumbling and Sliding; other windows begin with an item", func() { BySession(1).Offset(1) }},
		"days of a session":   {"operators: In is for Tumbling and Sliding over whole days of 24 hours", func() { BySession(24 * time.Hour).In(time.UTC) }},
		"half a day":          {"operators: In is for Tumbling and Sliding over whole days of 24 hours", func() { Tumbling(12 * time.Hour).In(time.UTC) }},
		"slides by hours":     {"operators: In is for Tumbling and Sliding over whole days of 24 hours", func() { Sliding(24*time.Hour, time.Hour).In(time.UTC) }},
		"no place":            {"operators: In: loc is nil", func() { Tumbling(24 * time.Hour).In(nil) }},
		"zero for By": {"operators: AggregateBy: the zero Assigner is invalid: use Tumbling, Sliding, BySession, ByCount or BySlidingCount", func() {
			AggregateBy(from(1), byIndex, Assigner{}, func() int { return 0 }, func(sum, v int) int { return sum + v })
		}},
	} {
		t.Run(name, func(t *testing.T) { assert.PanicsWithValue(t, row.want, row.build) })
	}
}
