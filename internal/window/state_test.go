package window

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkpointedItems returns Checkpointed windows over a script, and what sets their items.
func checkpointedItems() (c *Checkpointed, s *script, batch *Batch[event]) {
	s, batch = &script{}, &Batch[event]{}
	return NewCheckpointed(s, NewPositions(batch), "sums"), s, batch
}

// addAll makes items the batch, adds them at 0 and clears the batch.
func addAll(c *Checkpointed, b *Batch[event], ids ...string) bool {
	b.Items = nil
	for _, id := range ids {
		b.Items = append(b.Items, event{ID: id})
	}
	for i := range ids {
		c.positions.take(i) // as windows do
	}
	more := c.Add(0, 0, len(ids))
	c.positions.Settle()
	return more
}

func TestStateRefusesAStreamWithoutIDs(t *testing.T) {
	c, _, b := checkpointedItems()
	none := make([]string, unpositionedItems-1)
	addAll(c, b, none...)
	_, err := c.SaveState()
	require.NoError(t, err, "an ID may follow")
	addAll(c, b, "")
	_, err = c.SaveState()
	require.EqualError(t, err, "none of the first 1000 items has an ID, so the stream cannot resume")
	addAll(c, b, "7")
	_, err = c.SaveState()
	require.NoError(t, err, "an ID followed")
	addAll(c, b, make([]string, unpositionedItems)...)
	_, err = c.SaveState()
	assert.NoError(t, err, "there was an ID")
}

func TestStateIsFrozenAtTheEnd(t *testing.T) {
	c, s, b := checkpointedItems()
	addAll(c, b, "1", "2")
	before, err := c.SaveState()
	require.NoError(t, err)
	s.take()
	assert.True(t, c.Flush())
	assert.Equal(t, []string{"save", "flush"}, s.take(), "saved before the windows are delivered")
	after, err := c.SaveState()
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
	assert.Empty(t, s.calls)
	const rest = `"Pipeline":"sums","ResumeID":"2","Replay":{"Newest":"2","Before":"1","Taken":1,"Since":0},"Windows":"saved"}`
	assert.Equal(t, string(appendStateHead(nil, []byte(rest)))+rest, string(after))
}

func TestStateThatCannotBeSaved(t *testing.T) {
	c, s, _ := checkpointedItems()
	s.err = errors.New("no JSON")
	_, err := c.SaveState()
	require.ErrorIs(t, err, s.err)
	c.Flush()
	_, err = c.SaveState()
	assert.ErrorIs(t, err, s.err, "frozen")
}

func TestLoadStateRefuses(t *testing.T) {
	c, _, b := checkpointedItems()
	addAll(c, b, "1", "2")
	data, err := c.SaveState()
	require.NoError(t, err)
	for _, row := range []struct{ name, from, to, want string }{
		{"no JSON", "{", "", "it is damaged, or was not written by State.Save"},
		{"another version", `"Version":3`, `"Version":1`, "it has version 1, this program reads version 3"},
		{"a later version", `"Version":3`, `"Version":4`, "it has version 4, this program reads version 3"},
		{"an unknown member", `{`, `{"More":1,`, "it is damaged, or was not written by State.Save"},
		{"no checksum", `"Checksum"`, `"Pipeline":"","Checksum"`, "it is damaged"},
		{"another pipeline", "sums", "means", "it was saved by another pipeline: it is for means, this one is sums"},
	} {
		t.Run(row.name, func(t *testing.T) {
			fresh, s, _ := checkpointedItems()
			changed := []byte(strings.Replace(string(data), row.from, row.to, 1))
			if row.name == "another pipeline" {
				appendStateHead(changed[:0], changed[stateHeadLen:])
			}
			require.ErrorContains(t, fresh.LoadState(changed), row.want)
			assert.Empty(t, s.calls)
			_, err := LastEventID(changed)
			if row.name == "another pipeline" {
				require.NoError(t, err, "only the operator knows its pipeline")
			} else {
				assert.ErrorContains(t, err, row.want)
			}
		})
	}
	fresh, s, _ := checkpointedItems()
	s.err = errors.New("a number")
	err = fresh.LoadState(data)
	require.ErrorIs(t, err, s.err)
	require.ErrorContains(t, err, "it does not fit the types of this program")
}

// A state with any wrong bit, or without its end, is rejected.
func TestLoadStateRefusesEachDamage(t *testing.T) {
	c, _, b := checkpointedItems()
	addAll(c, b, "1", "2")
	data, err := c.SaveState()
	require.NoError(t, err)
	for i := range data {
		for bit := range 8 {
			damaged := bytes.Clone(data)
			damaged[i] ^= 1 << bit
			_, err := LastEventID(damaged)
			require.Error(t, err, "bit %d of byte %d: %s", bit, i, damaged)
		}
		if i > 0 { // an empty state is valid
			_, err := LastEventID(data[:i])
			require.Error(t, err, "%d bytes", i)
		}
	}
}

// A database may reformat JSON and change numbers.
func TestLoadStateRefusesReformattedJSON(t *testing.T) {
	c, _, b := checkpointedItems()
	addAll(c, b, "1", "2")
	data, err := c.SaveState()
	require.NoError(t, err)
	_, err = LastEventID([]byte(strings.ReplaceAll(string(data), ",", ", ")))
	assert.EqualError(t, err, "it is damaged, or was reformatted, as in a column of type jsonb: store the bytes unchanged")
}

// Repeated items are not added again, and the position is that of the state until other
// items follow.
func TestLoadStateSkipsWhatComesAgain(t *testing.T) {
	c, _, b := checkpointedItems()
	addAll(c, b, "1", "2", "2")
	data, err := c.SaveState()
	require.NoError(t, err)
	id, err := LastEventID(data)
	require.NoError(t, err)
	assert.Equal(t, "1", id)

	c, s, b := checkpointedItems()
	require.NoError(t, c.LoadState(data))
	assert.Equal(t, []string{`load "saved"`}, s.take())
	b.Items = []event{{ID: "2"}, {ID: "2"}, {ID: "3"}, {ID: "4"}}
	assert.True(t, c.Add(5, 0, 1), "only an item that comes again")
	assert.Empty(t, s.take())
	again, err := c.SaveState()
	require.NoError(t, err)
	assert.JSONEq(t, string(data), string(again), "nothing was taken")
	s.take()
	s.stop = "add 2-4 at 6"
	assert.False(t, c.Add(6, 1, 4), "the consumer leaves")
	assert.Equal(t, []string{"add 2-4 at 6"}, s.take())
}

func TestLastEventIDOfNoState(t *testing.T) {
	for _, empty := range [][]byte{nil, {}} {
		id, err := LastEventID(empty)
		require.NoError(t, err)
		assert.Empty(t, id)
	}
}

// A state contains the windows that are not delivered yet.
func TestSaveLeavesOutWhatWasDelivered(t *testing.T) {
	for name, start := range map[string]func(Cells) Windows{
		"Aligned": func(c Cells) Windows {
			return NewAligned(func() Cells { return c }, nil, Grid{Size: 10, Slide: 10}, 0, nil)
		},
		"Sessions": func(c Cells) Windows { return NewSessions(c, nil, 10, 0, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			table, _ := counting([]int{1, 2, 3})
			w := start(table)
			var saved []int
			table.Send = func(int, int, Info) bool {
				data, err := w.Save()
				require.NoError(t, err)
				saved = append(saved, strings.Count(string(data), `"Key"`))
				if len(saved) == 3 {
					assert.Equal(t, "[]", string(data))
				}
				return true
			}
			w.Add(0, 0, 3)
			require.True(t, w.Advance(20))
			assert.Equal(t, []int{2, 1, 0}, saved)
		})
	}
}

// A value is an item that cannot always be saved.
type value struct{ broken bool }

func (v value) MarshalJSON() ([]byte, error) {
	if v.broken {
		return nil, errors.New("broken")
	}
	return []byte("{}"), nil
}

// A value that cannot be saved is an error, as is a state that does not fit.
func TestWindowsThatCannotBeSaved(t *testing.T) {
	batch := &Batch[value]{[]value{{}, {broken: true}}}
	config := &Config[value, bool, value]{
		Batch: batch, Key: func(v value) bool { return v.broken },
		Accumulator: Accumulator[value, value]{New: func() value { return value{} }, Add: func(_, v value) value { return v }},
		Send:        func(bool, value, Info) bool { return true },
	}
	for name, start := range map[string]func() Windows{
		"Aligned": func() Windows {
			return NewAligned(func() Cells { return NewTable(config) }, nil, Grid{Size: 10, Slide: 10}, 0, nil)
		},
		"Opened":   func() Windows { return NewOpened(NewTable(config), true, nil, Bounds{Gap: 10}, StartClock()) },
		"Sessions": func() Windows { return NewSessions(NewItemTable(config), nil, 10, 0, nil) },
		"Watermark": func() Windows {
			sessions := NewSessions(NewItemTable(config), nil, 10, 0, nil)
			return NewWatermark(EventTime{Time: func(int) (Instant, bool) { return 5, true }}, StartClock(), nil, sessions)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start()
			require.True(t, w.Add(0, 0, 1))
			good, err := w.Save()
			require.NoError(t, err)
			require.True(t, w.Add(0, 1, 2))
			_, err = w.Save()
			require.ErrorContains(t, err, "broken")

			require.Error(t, start().Load([]byte(`7`)), "no state")
			bad := strings.Replace(string(good), `"Key":false`, `"Key":"text"`, 1)
			require.NotEqual(t, string(good), bad)
			require.Error(t, start().Load([]byte(bad)), "a key of another type")
			assert.Error(t, start().Load([]byte(strings.Replace(string(good), `"Due"`, `"More"`, 1))), "an unknown member")
		})
	}
}
