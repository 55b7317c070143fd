package operators

import "sync/atomic"

const segmentSize = 64

// A segment holds consecutive items and their results.
type segment[T, R any] struct {
	next  *segment[T, R]
	slots [segmentSize]slot[T, R]
	dealt int // slots that have been delivered
}

// A slot holds an item and its result.
type slot[T, R any] struct {
	item   T
	result R
}

// A chunk is the part of a segment that a worker works on.
type chunk[T, R any] struct {
	worker   int   // index of the worker
	number   int64 // of its first item
	segment  *segment[T, R]
	slots    []slot[T, R]
	progress progress
	err      error // of the call after the results
	bytes    int   // of the items
	small    bool  // the worker could have taken more items
	before   int   // results before the error of another call
	old      bool  // the consumer has seen it unfinished

	delivered int // results; the consumer's
}

// A progress is the number of results in a chunk and of slots that the worker owns. The
// worker calls advance, the consumer the other methods.
type progress struct {
	both atomic.Uint32 // the results in the low half, the slots in the high half
}

const oneSlot = 1 << 16

func (p *progress) start(slots int) { p.both.Store(uint32(slots) * oneSlot) } //nolint:gosec // at most segmentSize

// results returns the number of results.
func (p *progress) results() int { return int(p.both.Load() % oneSlot) }

// slots returns the number of slots that the worker owns.
func (p *progress) slots() int { return int(p.both.Load() / oneSlot) }

// advance counts a result, and reports whether the worker goes on with the next slot.
func (p *progress) advance() bool {
	both := p.both.Add(1)
	return both%oneSlot < both/oneSlot
}

// takeRest takes the slots after the worker's current one, and returns the first of them
// and the end.
func (p *progress) takeRest() (first, end int) {
	for {
		both := p.both.Load()
		results, slots := both%oneSlot, both/oneSlot
		if results+1 >= slots {
			return 0, 0
		}
		if p.both.CompareAndSwap(both, results+(results+1)*oneSlot) {
			return int(results + 1), int(slots)
		}
	}
}
