package sink

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// An eventLog holds the newest events of a broadcast, numbered from 0. One goroutine at a
// time changes it; any number of goroutines read it with end, oldest and at, without a
// lock.
//
// The event with number n is in slot n modulo the number of slots, a power of two. The
// slot is set before end includes n. To forget an event, oldest is moved before the slot
// is cleared. So a reader that looks for n finds it in its slot, or it is forgotten.
type eventLog struct {
	_      [64]byte // the fields that all clients read have a cache line of their own
	end    atomic.Int64
	oldest atomic.Int64
	slots  atomic.Pointer[[]atomic.Pointer[entry]] // replaced by a larger one when full
	_      [64]byte

	bytes  int64  // of the encoded events
	chunk  []byte // the next events are encoded into it, from used on
	used   int
	ids    map[string]idPlaces // by ID as a header carries it: see headerValue
	lastID string              // of the newest event that has an ID
}

// An entry is an encoded event. It never changes.
type entry struct {
	number   int64
	chunk    []byte // shared with the entries before and after it
	from, to int    // where it is in chunk
	at       time.Time
	id       string
	typ      string      // empty for comments and other events that are not messages
	marker   bool        // it was added by Complete
	repeated bool        // an older event in the log has its ID
	event    codec.Event // for filters; empty without WithClient
}

// idPlaces are the first and the last event with an ID, and how many events in the log have
// it.
type idPlaces struct {
	first, last int64
	count       int
}

// headerValue returns id as a header carries it: without surrounding space.
func headerValue(id string) string { return strings.Trim(id, " \t") }

const (
	smallestChunk = 1 << 10
	firstSlots    = 16
)

func (l *eventLog) init() {
	slots := make([]atomic.Pointer[entry], firstSlots)
	l.slots.Store(&slots)
	l.ids = map[string]idPlaces{}
}

// at returns the event with a number that is below end, or nil if it is forgotten.
func (l *eventLog) at(n int64) *entry {
	slots := *l.slots.Load()
	if e := slots[n&int64(len(slots)-1)].Load(); e != nil && e.number == n {
		return e
	}
	return nil
}

func (l *eventLog) len() int { return int(l.end.Load() - l.oldest.Load()) }

// add appends an event with its encoded form.
func (l *eventLog) add(e entry, wire []byte) {
	e.number = l.end.Load()
	e.chunk, e.from, e.to = l.place(wire)
	l.bytes += int64(len(wire))
	if e.id != "" {
		e.repeated = l.addID(e.id, e.number)
		if !e.marker {
			l.lastID = e.id
		}
	}
	slots := l.roomForOne()
	slots[e.number&int64(len(slots)-1)].Store(&e)
	l.end.Store(e.number + 1)
}

// place copies wire after the previous event, so that several events can be written to a
// client with one call and without another copy.
func (l *eventLog) place(wire []byte) (chunk []byte, from, to int) {
	if len(wire) > maxWrite/4 { // the rest of a chunk would be wasted
		own := append([]byte(nil), wire...)
		return own, 0, len(own)
	}
	if len(l.chunk)-l.used < len(wire) {
		size := min(max(2*len(l.chunk), smallestChunk), maxWrite)
		l.chunk, l.used = make([]byte, max(size, len(wire))), 0
	}
	from = l.used
	l.used += copy(l.chunk[from:], wire)
	return l.chunk, from, l.used
}

// roomForOne returns the slots, with at least one free.
func (l *eventLog) roomForOne() []atomic.Pointer[entry] {
	slots := *l.slots.Load()
	if l.len() < len(slots) {
		return slots
	}
	larger := make([]atomic.Pointer[entry], 2*len(slots))
	for n := l.oldest.Load(); n < l.end.Load(); n++ {
		larger[n&int64(len(larger)-1)].Store(slots[n&int64(len(slots)-1)].Load())
	}
	l.slots.Store(&larger)
	return larger
}

// forget removes the oldest event.
func (l *eventLog) forget() {
	e := l.at(l.oldest.Load())
	if e.id != "" {
		l.forgetID(e.id)
	}
	l.bytes -= int64(e.to - e.from)
	l.oldest.Store(e.number + 1)
	slots := *l.slots.Load()
	slots[e.number&int64(len(slots)-1)].Store(nil)
}

// addID adds a place of an ID and reports whether the ID was known.
func (l *eventLog) addID(id string, number int64) (known bool) {
	key := headerValue(id)
	places, known := l.ids[key]
	if !known {
		places.first = number
	}
	places.last = number
	places.count++
	l.ids[key] = places
	return known
}

// forgetID removes one place of an ID. While other events have the ID, its first place is
// kept: a client that received only that event has missed all the others.
func (l *eventLog) forgetID(id string) {
	key := headerValue(id)
	places := l.ids[key]
	if places.count--; places.count == 0 {
		delete(l.ids, key)
		return
	}
	l.ids[key] = places
}

// after returns the number of the event that follows the one with this ID, and whether the
// ID is known. If several events have the ID, it uses the first: the client may not have
// the others.
func (l *eventLog) after(id string) (next int64, known bool) {
	places, known := l.ids[headerValue(id)]
	if !known {
		return l.oldest.Load(), false
	}
	return max(places.first+1, l.oldest.Load()), true
}

// lastIDIsUnique reports whether a client can show with the last ID that it has all events:
// it cannot if several events have that ID, or if there is none.
func (l *eventLog) lastIDIsUnique() bool {
	places, known := l.ids[headerValue(l.lastID)]
	return known && places.first == places.last
}

// oldestID returns the ID of the oldest event that has one.
func (l *eventLog) oldestID() string {
	for n := l.oldest.Load(); n < l.end.Load(); n++ {
		if e := l.at(n); e.id != "" {
			return e.id
		}
	}
	return ""
}
