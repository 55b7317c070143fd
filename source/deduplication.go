package source

import (
	"fmt"

	"github.com/rxsse/rxsse/codec"
)

// WithDeduplication drops events that were delivered before, which servers may send
// again after a reconnect: it remembers the last window event IDs and how many
// events came with each. Events without an ID are never dropped. By default
// everything is delivered. Ask for it where the server repeats more than what comes
// after the last event ID, with a window of as many events as it may repeat; where
// IDs are used again for other events, do not. It panics if window is less than 1.
func WithDeduplication(window int) Option {
	if window < 1 {
		panic(fmt.Sprintf("source: WithDeduplication: window of %d", window))
	}
	return func(c *config) { c.window = window }
}

// A deduplicator tells events that come again from those that are new, by their IDs.
//
// Several events may share an ID, since an event without one of its own has that
// of the one before. So it is runs of events with the same ID that are counted:
// the third of a run is a duplicate if three were delivered before.
type deduplicator struct {
	delivered map[string]int // how many events, by ID
	recent    []string       // the IDs in it: a ring, once it is full
	oldest    int            // of recent
	run       string         // the ID of the last event
	length    int            // how many in a row have had it, 0 at the beginning
}

// newDeduplicator returns one that remembers the last window IDs.
func newDeduplicator(window int) *deduplicator {
	return &deduplicator{delivered: map[string]int{}, recent: make([]string, 0, window)}
}

// reconnected begins the run of another connection.
func (d *deduplicator) reconnected() { d.run, d.length = "", 0 }

// has reports whether e was delivered before; if not, it takes note of it.
func (d *deduplicator) has(e codec.Event) bool {
	if e.Type == "" || e.ID == "" || e.ID == noIDSentinel {
		return false
	}
	if e.ID != d.run {
		d.run, d.length = e.ID, 0
	}
	d.length++
	switch known := d.delivered[e.ID]; {
	case d.length <= known:
		return true
	case known == 0:
		d.remember(e.ID)
	}
	d.delivered[e.ID] = d.length
	return false
}

// remember makes room for an ID, if need be by forgetting the oldest.
func (d *deduplicator) remember(id string) {
	if len(d.recent) < cap(d.recent) {
		d.recent = append(d.recent, id)
		return
	}
	delete(d.delivered, d.recent[d.oldest])
	d.recent[d.oldest] = id
	d.oldest = (d.oldest + 1) % len(d.recent)
}
