package window

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

type (
	pointerPosition struct{ id string }
	noPosition      struct{ ID string }
)

func (p *pointerPosition) ResumeID() string { return p.id }

func TestPositionOf(t *testing.T) {
	assert.Equal(t, "7", PositionOf[event]()(&event{ID: "7"}))
	assert.Equal(t, "8", PositionOf[pointerPosition]()(&pointerPosition{"8"}), "a method of the pointer")
	p := &pointerPosition{"9"}
	assert.Equal(t, "9", PositionOf[*pointerPosition]()(&p), "items that are pointers")
	assert.Nil(t, PositionOf[noPosition]())
	assert.Nil(t, NewPositions(&Batch[noPosition]{}))
}

// Without positions nothing is tracked.
func TestNilPositions(t *testing.T) {
	var p *Positions
	p.take(0)
	p.takeAll(0, 3)
	p.Settle()
	p.release(p.hold())
	assert.Zero(t, p.hold())
	assert.Zero(t, p.merge(0, 0))
	assert.Empty(t, p.safe())
}

// positionsOf returns positions of items with these IDs.
func positionsOf(ids ...string) (*Positions, *Batch[event]) {
	b := &Batch[event]{}
	for _, id := range ids {
		b.Items = append(b.Items, event{ID: id})
	}
	return NewPositions(b), b
}

func TestPositionsAreBeforeTheOldestHold(t *testing.T) {
	p, _ := positionsOf("1", "2", "3", "4", "5")
	assert.Empty(t, p.safe(), "no item yet")
	p.take(0)
	assert.Equal(t, "1", p.safe(), "nothing is held")
	p.take(1)
	first := p.hold() // from 2 on
	p.take(2)
	second := p.hold() // from 3 on
	assert.Equal(t, "1", p.safe())
	p.release(first)
	assert.Equal(t, "2", p.safe())
	p.takeAll(3, 5)
	third := p.hold() // from 5 on
	p.release(0)
	assert.Equal(t, "2", p.safe(), "0 is no hold")
	p.release(second)
	assert.Equal(t, "4", p.safe())
	p.release(third)
	assert.Equal(t, "5", p.safe())
	assert.Len(t, p.held.all, 3, "two holds at a time, and the end of the ring")
	p.hold()
	p.hold()
	assert.Len(t, p.held.all, 3, "holds are used again")
}

// A position stays before a run of items that share an ID, in one batch and across
// batches.
func TestPositionsStayBeforeEqualIDs(t *testing.T) {
	for _, settle := range []bool{false, true} {
		p, _ := positionsOf("1", "2", "2", "3", "3")
		for i := range 3 {
			p.take(i)
			if settle {
				p.Settle()
			} else {
				p.before()
			}
		}
		assert.Equal(t, "2", p.safe())
		p.take(2)
		h := p.hold()
		assert.Equal(t, "1", p.safe(), "resuming after 2 could skip the other item with it")
		p.release(h)
		p.take(3)
		p.hold()
		assert.Equal(t, "2", p.safe())
	}
}

// Settle keeps the position when the batch changes.
func TestPositionsAfterSettle(t *testing.T) {
	p, b := positionsOf("1", "2")
	p.takeAll(0, 2)
	p.Settle()
	clear(b.Items)
	assert.Equal(t, "2", p.safe())
	p.Settle()
	assert.Equal(t, "2", p.safe(), "no item since")
	b.Items[0].ID = "3"
	p.take(0)
	h := p.hold()
	assert.Equal(t, "2", p.safe())
	p.release(h)
	assert.Equal(t, "3", p.safe())
}

// Without a State only the newest two IDs of many are read; with one, all.
func TestPositionsReadFewIDs(t *testing.T) {
	for _, row := range []struct {
		replay *replay
		want   []int
	}{{nil, nil}, {new(replay), []int{0, 1, 2, 3, 4}}} {
		var read []int
		p := &Positions{previous: none, newest: none, replay: row.replay}
		p.id = func(item int) string { read = append(read, item); return "x" }
		p.takeAll(0, 5)
		assert.Equal(t, row.want, read)
		assert.Equal(t, []int{3, 4}, []int{p.previous, p.newest})
		p.takeAll(1, 2)
		assert.Equal(t, []int{4, 1}, []int{p.previous, p.newest}, "fewer than two")
	}
}

// Of two holds, the earlier one continues, regardless of the order of the arguments.
func TestPositionsMergeHolds(t *testing.T) {
	for _, swap := range []bool{false, true} {
		p, _ := positionsOf("1", "2", "3")
		p.take(0)
		p.take(1)
		earlier := p.hold()
		p.take(2)
		later := p.hold()
		assert.Equal(t, later, p.merge(0, later), "0 is no hold")
		assert.Equal(t, later, p.merge(later, 0))
		a, b := earlier, later
		if swap {
			a, b = b, a
		}
		h := p.merge(a, b)
		assert.Equal(t, earlier, h)
		assert.Equal(t, "1", p.safe())
		p.release(h)
		assert.Equal(t, "3", p.safe(), "both have ended")
	}
}
