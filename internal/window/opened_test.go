package window

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sentResult is a result of the tables of these tests.
type sentResult[K comparable] struct {
	key   K
	count int
	info  Info
}

// counting returns a Table that counts the items of each key, and what it sent.
func counting[K comparable](items []K) (*Table[K, K, int], *[]sentResult[K]) {
	sent := new([]sentResult[K])
	return NewTable(&Config[K, K, int]{
		Batch:       &Batch[K]{items},
		Key:         func(v K) K { return v },
		Accumulator: Accumulator[K, int]{New: func() int { return 0 }, Add: func(n int, _ K) int { return n + 1 }},
		Send: func(k K, n int, info Info) bool {
			*sent = append(*sent, sentResult[K]{k, n, info})
			return true
		},
	}), sent
}

func oneToN(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i + 1
	}
	return items
}

// Nothing is held for a key that has no items.
func TestWindowsForgetIdleKeys(t *testing.T) {
	items := oneToN(1000)
	t.Run("Opened", func(t *testing.T) {
		table, sent := counting(items)
		o := NewOpened(table, true, nil, Bounds{Gap: 10}, StartClock())
		o.Add(1, 0, 1000)
		require.True(t, o.Advance(10))
		assert.Len(t, table.index, 1000)
		o.Add(10, 0, 3)
		require.True(t, o.Advance(11))
		assert.Len(t, table.index, 3, "used since")
		assert.Equal(t, Instant(20), o.Next(), "one deadline for all")
		require.True(t, o.Advance(20))
		assert.Empty(t, table.index)
		assert.Equal(t, Never, o.Next())
		assert.Len(t, *sent, 1000)
	})
	t.Run("Aligned", func(t *testing.T) {
		table, _ := counting(items)
		a := NewAligned(func() Cells { return table }, nil, Grid{Size: 10, Slide: 10}, 0, nil)
		a.Add(1, 0, 1000)
		require.True(t, a.Advance(10))
		assert.Empty(t, a.held)
		assert.Empty(t, table.index)
		assert.Positive(t, cap(table.cells), "room for as many")
		a.Add(11, 0, 3)
		require.True(t, a.Advance(20))
		assert.Zero(t, cap(table.cells), "no room for many more than there were")
		a.Add(21, 0, 3)
		assert.Equal(t, map[int]int32{1: 0, 2: 1, 3: 2}, table.index)
	})
	t.Run("Sessions", func(t *testing.T) {
		table, sent := counting(items)
		s := NewSessions(table, nil, 10, 5, nil)
		s.Add(1, 0, 1000)
		require.True(t, s.Advance(15))
		assert.Len(t, *sent, 1000, "delivered")
		assert.Len(t, table.index, 1000, "held for late items")
		require.True(t, s.Advance(16))
		assert.Empty(t, table.index)
		assert.Empty(t, s.queue)
	})
}

// When most windows have closed, their memory is freed, and the others continue.
func TestWindowsGiveBackMemory(t *testing.T) {
	const keys, stay = 20_000, 700
	for name, kind := range map[string]struct {
		start func(*Table[int, int, int]) Windows
		slots func(Windows) int
	}{
		"Opened": {
			func(c *Table[int, int, int]) Windows {
				return NewOpened(c, true, nil, Bounds{Limit: 9, Step: 1, Within: 10}, StartClock())
			},
			func(w Windows) int { o, _ := w.(*Opened); return cap(o.slots) },
		},
		"Sessions": {
			func(c *Table[int, int, int]) Windows { return NewSessions(c, nil, 10, 0, nil) },
			func(w Windows) int { s, _ := w.(*Sessions); return cap(s.sessions) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			table, sent := counting(oneToN(keys))
			w := kind.start(table)
			w.Add(1, 0, keys)
			w.Add(8, 0, stay) // these stay open
			w.Add(9, 0, stay)
			require.True(t, w.Advance(11))
			require.True(t, w.Advance(12))
			assert.Less(t, cap(table.cells), keys/3)
			assert.Less(t, kind.slots(w), keys/3)
			*sent = nil
			w.Add(12, 0, stay)
			require.True(t, w.Advance(100))
			counts := map[int]int{}
			for _, r := range *sent {
				counts[r.key] += r.count
			}
			assert.Len(t, counts, stay)
			want := counts[1]
			assert.Positive(t, want)
			for k, n := range counts {
				assert.Equal(t, want, n, "key %d", k)
			}
			assert.Empty(t, table.index)
			assert.Equal(t, Never, w.Next())
		})
	}
}

// A window takes the cell of one that has closed.
func TestOpenedUsesCellsAgain(t *testing.T) {
	table, sent := counting(oneToN(100))
	o := NewOpened(table, true, nil, Bounds{Limit: 1}, StartClock())
	require.True(t, o.Add(0, 0, 100))
	assert.Len(t, *sent, 100)
	assert.EqualValues(t, 1, table.len())
	assert.Len(t, o.slots, 1)
}

// An item that arrives after its window was forgotten is late, even if the newest item went
// there.
func TestAlignedForgetsTheNewestWindow(t *testing.T) {
	table, sent := counting([]int{1, 2})
	var late []int
	a := NewAligned(func() Cells { return table }, nil, Grid{Size: 10, Slide: 10}, 0, func(i int) { late = append(late, i) })
	a.Add(5, 0, 1)
	require.True(t, a.Advance(10))
	a.Add(6, 1, 2)
	assert.Equal(t, []int{1}, late)
	require.True(t, a.Flush())
	assert.Len(t, *sent, 1)
}

// A key that does not equal itself is not kept.
func TestWindowsForgetNaN(t *testing.T) {
	items := []float64{math.NaN(), 7, math.NaN()}
	for name, start := range map[string]func(Cells) Windows{
		"Opened": func(c Cells) Windows { return NewOpened(c, true, nil, Bounds{Gap: 1}, StartClock()) },
		"Aligned": func(c Cells) Windows {
			return NewAligned(func() Cells { return c }, nil, Grid{Size: 2, Slide: 2}, 0, nil)
		},
		"Sessions": func(c Cells) Windows { return NewSessions(c, nil, 1, 0, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			table, sent := counting(items)
			w := start(table)
			w.Add(1, 0, 3)
			require.True(t, w.Advance(5))
			assert.Len(t, *sent, 3)
			assert.Empty(t, table.index)
			assert.Equal(t, Never, w.Next())
		})
	}
}

// Sessions that are kept for late items leave in the order of their ends, even if the
// lateness saturates: the end of the stream must find each in its place.
func TestSessionsAtTheEndOfTheStream(t *testing.T) {
	for _, lateness := range []int64{0, 3, math.MaxInt64} {
		table, sent := counting([]int{1, 1, 1, 2})
		s := NewSessions(table, nil, 10, time.Duration(lateness), func(int) {})
		s.Add(100, 0, 1) // the later session of key 1 is opened first
		s.Add(20, 1, 2)
		require.True(t, s.Advance(111))
		s.Add(104, 2, 3) // late for the session at 100, if it still is there
		s.Add(120, 3, 4)
		require.True(t, s.Flush())
		assert.Empty(t, s.queue)
		assert.Empty(t, table.index)
		got := *sent
		require.GreaterOrEqual(t, len(got), 3)
		assert.Equal(t, sentResult[int]{1, 1, Info{Start: 20, End: 30}}, got[0])
		assert.Equal(t, sentResult[int]{1, 1, Info{Start: 100, End: 110}}, got[1])
		assert.Equal(t, sentResult[int]{2, 1, Info{Start: 120, End: 130, Partial: true}}, got[len(got)-1])
		if lateness > 0 {
			assert.Equal(t, sentResult[int]{1, 2, Info{Start: 100, End: 114, Partial: true}}, got[2], "again, with the late item")
		}
	}
}

// A delivered session that gets a late item is delivered again at once, even if others have
// been waiting for late items longer.
func TestLateItemInSession(t *testing.T) {
	table, sent := counting([]int{1, 2, 2})
	s := NewSessions(table, nil, 10, 100, nil)
	s.Add(0, 0, 1)
	s.Add(5, 1, 2)
	require.True(t, s.Advance(20))
	require.Len(t, *sent, 2)
	s.Add(7, 2, 3)
	assert.Equal(t, Instant(17), s.Next())
	require.True(t, s.Advance(21))
	assert.Equal(t, sentResult[int]{2, 2, Info{Start: 5, End: 17}}, (*sent)[2])
}
