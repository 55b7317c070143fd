package operators

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// Operators that keep the order of items keep their positions. The others make them unknown,
// so a program that commits positions cannot silently lose items.
func TestPositionsThroughOperators(t *testing.T) {
	type events = rxsse.Observable[codec.Event]
	src := from(codec.Event{Type: "a", ID: "1"}, codec.Event{Type: "a", ID: "2"})
	same := func(_ context.Context, e codec.Event) (codec.Event, error) { return e, nil }
	one := func(e codec.Event) events { return from(e) }
	for name, c := range map[string]struct {
		out  events
		kept bool
	}{
		"Filter":            {Filter(src, func(codec.Event) bool { return true }), true},
		"EventType":         {EventType(src, "a"), true},
		"Buffer":            {Buffer(src, 10, OverflowBlock), true},
		"Concat":            {Concat(src, from[codec.Event]()), true},
		"ConcatMap":         {ConcatMap(src, one), true},
		"Parallel":          {Parallel(src, 3, same), true},
		"Share":             {Share(src, 10, OverflowBlock), true},
		"Merge":             {Merge(src, from[codec.Event]()), false},
		"MergeDelayError":   {MergeDelayError(src, from[codec.Event]()), false},
		"MergeMap":          {MergeMap(src, 3, one), false},
		"ParallelUnordered": {ParallelUnordered(src, 3, same), false},
		"GroupBy": {ConcatMap(GroupBy(src, func(e codec.Event) string { return e.Type }, 10, time.Minute),
			func(g Group[string, codec.Event]) events { return g.Items }), false},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			for _, e := range collect(t, c.out) {
				n++
				assert.NotEmpty(t, e.ID, "the ID itself stays")
				if c.kept {
					assert.Equal(t, e.ID, e.ResumeID())
				} else {
					assert.Empty(t, e.ResumeID())
				}
			}
			assert.Equal(t, 2, n)
		})
	}
}

// The results of windows lose their positions, too, where operators change the order.
func TestPositionsOfWindowsThroughMerge(t *testing.T) {
	windows := Window(withIDs(1, 2), ByCount(1))
	for i, w := range collect(t, windows) {
		assert.Equal(t, []string{"1", "2"}[i], w.ResumeID())
	}
	merged := collect(t, Merge(windows, from[WindowOf[codec.Message[int]]]()))
	assert.Len(t, merged, 2)
	for _, w := range merged {
		assert.Empty(t, w.ResumeID())
	}
}

// position is an item whose position cannot be made unknown.
type position string

func (p position) ResumeID() string { return string(p) }

func TestReorderingRefusesItemsWhosePositionsItCannotClear(t *testing.T) {
	src := from(position("1"))
	for operator, build := range map[string]func(){
		"Merge":           func() { Merge(src) },
		"MergeDelayError": func() { MergeDelayError(src) },
		"MergeMap":        func() { MergeMap(src, 2, func(p position) rxsse.Observable[position] { return from(p) }) },
		"ParallelUnordered": func() {
			ParallelUnordered(src, 2, func(_ context.Context, p position) (position, error) { return p, nil })
		},
		"GroupBy": func() { GroupBy(src, func(p position) position { return p }, 1, time.Second) },
	} {
		want := "operators: " + operator + ": operators.position has a method ResumeID and no ClearResumeID; add one, since " + operator + " changes the order of items"
		assert.PanicsWithValue(t, want, build)
	}
	assert.NotPanics(t, func() { Merge(from(1), from(2)) })
}

// Making positions unknown allocates nothing for an item.
func TestWithoutPositionsAllocatesOnce(t *testing.T) {
	const items = 1000
	src := Map(repeatTo(items), func(int) codec.Message[int] { return codec.Message[int]{ID: "1"} })
	run := func(src rxsse.Observable[codec.Message[int]]) float64 {
		return testing.AllocsPerRun(10, func() {
			for range src(context.Background()) {
				continue
			}
		})
	}
	assert.LessOrEqual(t, run(withoutPositions("Test", src))-run(src), 10.0)
}

// repeatTo delivers the numbers below n.
func repeatTo(n int) rxsse.Observable[int] { return from(make([]int, n)...) }
