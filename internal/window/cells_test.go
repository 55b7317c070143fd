package window

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// released returns a table whose values are numbered in order of creation, and the values
// that it has released.
func released(keyed bool) (*Table[int, int, int], *[]int) {
	made, gone := 0, new([]int)
	c := &Config[int, int, int]{
		Batch: &Batch[int]{[]int{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		Accumulator: Accumulator[int, int]{
			New:     func() int { made++; return made * 10 },
			Add:     func(n, _ int) int { return n + 1 },
			Release: func(n int) { *gone = append(*gone, n) },
		},
		Send: func(int, int, Info) bool { return true },
	}
	if keyed {
		c.Key = func(v int) int { return v }
	}
	return NewTable(c), gone
}

// The number of a dropped cell is reused, and its value is released.
func TestTableUsesNumbersAgain(t *testing.T) {
	table, gone := released(true)
	for i := range 3 {
		require.EqualValues(t, none, table.find(i))
		c := table.open(i)
		require.EqualValues(t, i, c)
		table.lead(c)
	}
	table.unlead(1)
	table.drop(1)
	assert.Equal(t, []int{20}, *gone)
	assert.EqualValues(t, none, table.find(1))
	assert.EqualValues(t, 0, table.find(0), "others stay")
	table.find(3)
	assert.EqualValues(t, 1, table.open(3))
	assert.EqualValues(t, 3, table.open(3))
	assert.EqualValues(t, 4, table.len())
	table.reset()
	assert.Equal(t, []int{20, 10, 40, 30, 50}, *gone, "each value once")
	assert.Zero(t, table.len())
	assert.EqualValues(t, none, table.find(0))
}

// Without keys, one cell leads.
func TestTableWithoutKeys(t *testing.T) {
	table, gone := released(false)
	assert.EqualValues(t, none, table.find(0))
	assert.EqualValues(t, none, table.foldLeading(0))
	table.foldByKey(0, 3)
	table.foldByKey(3, 4)
	assert.EqualValues(t, 0, table.find(8))
	assert.Equal(t, 14, table.cells[0].value)
	later := table.open(5)
	table.lead(later)
	assert.Equal(t, later, table.foldLeading(5))
	assert.Equal(t, 21, table.cells[later].value)
	table.compact([]int32{later})
	assert.EqualValues(t, 0, table.find(8), "it has another number now")
	table.unlead(0)
	assert.EqualValues(t, none, table.find(8))
	table.lead(0)
	table.reset()
	assert.EqualValues(t, none, table.find(8))
	assert.Equal(t, []int{21}, *gone)
}

// Deliveries remove the change that was wanted, and stop when the consumer leaves.
func TestTableSendsWhatHasChanged(t *testing.T) {
	type sent struct{ key, value int }
	var got []sent
	stay := 100
	table := NewTable(&Config[int, int, int]{
		Batch: &Batch[int]{[]int{1, 2, 3}}, Key: func(v int) int { return v },
		Accumulator: Accumulator[int, int]{
			New:  func() int { return 0 },
			Add:  func(n, v int) int { return n + v },
			Join: func(earlier, later int) int { return earlier - later },
		},
		Send: func(k, n int, _ Info) bool {
			got = append(got, sent{k, n})
			stay--
			return stay > 0
		},
	})
	take := func() []sent { all := got; got = nil; return all }
	table.foldByKey(0, 3)
	assert.True(t, table.send(Info{}, unsent, 0, 2))
	assert.Equal(t, []sent{{1, 1}, {2, 2}}, take(), "the numbers from 0 to before 2")
	assert.True(t, table.send(Info{}, unsent, 0, 3))
	assert.Equal(t, []sent{{3, 3}}, take(), "the others have not changed")
	assert.True(t, table.changed(0, due))
	assert.False(t, table.changed(0, unsent))
	table.foldByKey(0, 1)
	assert.True(t, table.changed(0, unsent))
	assert.True(t, table.send(Info{}, due, 0, 3))
	assert.Equal(t, []sent{{1, 2}, {2, 2}, {3, 3}}, take())
	assert.False(t, table.changed(0, unsent|due), "a result of a closed window has all items")
	table.foldByKey(0, 3)
	stay = 2
	assert.False(t, table.send(Info{}, due, 0, 3))
	assert.Len(t, take(), 2, "the consumer has left")
	require.False(t, table.changed(0, due))
	table.join(0, 2)
	assert.True(t, table.changed(0, due), "the items of the later one are new in it")
	assert.Equal(t, 3-6, table.cells[0].value)
}

// A saved cell is loaded with its key, its value and its changes.
func TestTableLoadsWhatItSaved(t *testing.T) {
	for _, keyed := range []bool{true, false} {
		table, _ := released(keyed)
		table.foldByKey(0, 1)
		fresh, err := table.save(0)
		require.NoError(t, err)
		table.send(Info{}, due, 0, 1)
		delivered, err := table.save(0)
		require.NoError(t, err)

		table, _ = released(keyed)
		c, leads, err := table.load(fresh)
		require.NoError(t, err)
		assert.EqualValues(t, none, leads)
		assert.True(t, table.changed(c, due))
		table.lead(c)
		again, leads, err := table.load(delivered)
		require.NoError(t, err)
		assert.Equal(t, c, leads)
		assert.NotEqual(t, c, again)
		assert.False(t, table.changed(again, due|unsent))
		assert.Equal(t, c, table.find(0))
		assert.Equal(t, 11, table.cells[again].value)
		_, _, err = table.load([]byte(`{"Key":[]}`))
		assert.Error(t, err)
	}
}

// An item table folds the items on each delivery.
func TestItemTable(t *testing.T) {
	var got []int
	config := &Config[int, int, int]{
		Batch:       &Batch[int]{[]int{1, 2, 3}},
		Accumulator: Accumulator[int, int]{New: func() int { return 100 }, Add: func(n, v int) int { return n + v }},
		Send:        func(_, n int, _ Info) bool { got = append(got, n); return len(got) < 3 },
	}
	table := NewItemTable(config)
	table.foldByKey(0, 2)
	assert.True(t, table.send(Info{}, unsent, 0, 1))
	assert.True(t, table.send(Info{}, due, 0, 1))
	later := table.open(2)
	table.fold(later, 2, 3)
	table.join(0, later)
	assert.False(t, table.send(Info{}, due, 0, 1), "the consumer has left")
	assert.Equal(t, []int{103, 103, 106}, got)
	config.Accumulator.AddAll = func(n int, items []int) int { return n + 1000*len(items) }
	table = NewItemTable(config)
	table.foldByKey(0, 2)
	table.send(Info{}, due, 0, 1)
	assert.Equal(t, 2100, got[3], "all at a time")
}

// Durations are saved as numbers.
func TestTableSavesDurations(t *testing.T) {
	table := NewTable(&Config[int, int, time.Duration]{
		Batch:       &Batch[int]{[]int{1500}},
		Accumulator: Accumulator[int, time.Duration]{New: func() time.Duration { return 0 }, Add: func(d time.Duration, v int) time.Duration { return d + time.Duration(v) }},
	})
	table.foldByKey(0, 1)
	saved, err := table.save(0)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Key":0,"Value":1500,"Due":true}`, string(saved))
}
