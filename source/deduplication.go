package source

import (
	"hash/maphash"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/argument"
)

// WithDeduplication drops events that were delivered before, which servers may send again
// after a reconnect. It remembers the last window IDs, as fingerprints of 16 bytes. If
// several events in a row have the same ID, it counts them, and drops only as many as it
// has delivered. It never drops events without an ID. By default everything is delivered.
//
// Use it where the server repeats events up to the last event ID, with a window of as many
// events as it may repeat. Do not use it where the server reuses IDs for other events. It
// panics if window is less than 1.
func WithDeduplication(window int) Option {
	argument.MustBePositive("source: WithDeduplication: window", window)
	return func(c *config) { c.window = window }
}

// A deduplicator recognizes, by their IDs, events that were already delivered.
//
// Several events may share an ID: an event without an ID of its own has the ID of the one
// before it. So the deduplicator counts runs of events with the same ID: the third event of
// a run is a duplicate if three were delivered before.
type deduplicator struct {
	seeds     [2]maphash.Seed
	delivered map[fingerprint]int // how many events
	recent    []fingerprint       // the keys of delivered, a ring once it is full
	oldest    int                 // index into recent
	run       string              // the ID of the last event
	runOf     fingerprint         // of run
	length    int                 // events of the run so far
}

// A fingerprint stands for an ID, which can be megabytes long. The seeds are random, so no
// server can construct two IDs with the same fingerprint, and with 128 bits a chance
// collision is practically impossible.
type fingerprint [2]uint64

// newDeduplicator returns a deduplicator that remembers the last window IDs.
func newDeduplicator(window int) *deduplicator {
	return &deduplicator{
		seeds:     [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		delivered: map[fingerprint]int{},
		recent:    make([]fingerprint, 0, window),
	}
}

// reconnected ends the current run: each connection starts its own.
func (d *deduplicator) reconnected() { d.run = "" }

// has reports whether e was delivered before; if not, it remembers e.
func (d *deduplicator) has(e codec.Event) bool {
	if e.Type == "" || e.ID == "" || e.ID == noIDSentinel {
		return false
	}
	if e.ID != d.run { // cheap for a long ID too: events that share it share its memory
		d.run, d.length = e.ID, 0
		d.runOf = fingerprint{maphash.String(d.seeds[0], e.ID), maphash.String(d.seeds[1], e.ID)}
	}
	d.length++
	switch known := d.delivered[d.runOf]; {
	case d.length <= known:
		return true
	case known == 0:
		d.remember(d.runOf)
	}
	d.delivered[d.runOf] = d.length
	return false
}

// remember adds an ID to recent, which forgets its oldest ID when full.
func (d *deduplicator) remember(id fingerprint) {
	if len(d.recent) < cap(d.recent) {
		d.recent = append(d.recent, id)
		return
	}
	delete(d.delivered, d.recent[d.oldest])
	d.recent[d.oldest] = id
	d.oldest = (d.oldest + 1) % len(d.recent)
}
