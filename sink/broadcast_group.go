package sink

import (
	"sync/atomic"

	"github.com/rxsse/rxsse/codec"
)

// A group holds the decisions of a filter that several clients share.
type group struct {
	members int // guarded by Broadcaster.mu
	words   []atomic.Uint64
}

// A word has the decisions about eventsPerWord events in its low half, two bits each, and
// the number of the first of them, divided by eventsPerWord, in its high half.
const eventsPerWord = 16

// The decisions about an event. 0: not decided.
const (
	unwanted = 1
	wanted   = 2
)

// A group remembers at least minDecisions decisions, and at most maxDecisions, because the
// number of events may be unlimited if the history is bounded by its bytes. For older
// events it calls the filter again.
const (
	minDecisions = 1 << 10
	maxDecisions = 1 << 20
)

// newGroup returns a group for a history of that many events.
func newGroup(events int) *group {
	return &group{words: make([]atomic.Uint64, min(max(events, minDecisions), maxDecisions)/eventsPerWord+1)}
}

// wants returns the decision about an event. Clients that ask at the same time may each
// call filter.
func (g *group) wants(e *entry, filter func(codec.Event) bool) bool {
	place := e.number / eventsPerWord
	word := &g.words[place%int64(len(g.words))]
	shift := 2 * (e.number % eventsPerWord)
	base := uint64(place) << 32 //nolint:gosec // only the low half counts
	decided := word.Load()
	if decided>>32 == base>>32 {
		if d := decided >> shift & 3; d != 0 {
			return d == wanted
		}
	}
	d := uint64(unwanted)
	if filter(e.event) {
		d = wanted
	}
	for {
		updated := base // replaces the decisions about older events
		if decided>>32 == base>>32 {
			updated = decided
		}
		if word.CompareAndSwap(decided, updated|d<<shift) {
			return d == wanted
		}
		decided = word.Load()
	}
}
