package sink

import (
	"strings"
	"time"
)

// An eventLog is the newest events of a broadcast, numbered from 0 on.
type eventLog struct {
	entries []entry
	first   int64 // number of the oldest one
	bytes   int64
	ids     map[string]idPlaces // by ID, as [headerValue] has it
	lastID  string              // of the newest event that had one
}

// idPlaces are where an ID was first, and is last, and how often it is held.
type idPlaces struct {
	first, last int64
	count       int
}

// headerValue is an ID as it comes back in a header: without the space around it.
func headerValue(id string) string { return strings.Trim(id, " \t") }

// An entry is an event, encoded.
type entry struct {
	id, eventType string
	wire          []byte
	at            time.Time
}

func (l *eventLog) len() int          { return len(l.entries) }
func (l *eventLog) oldest() *entry    { return &l.entries[0] }
func (l *eventLog) at(n int64) *entry { return &l.entries[n-l.first] }

// end is the number of the next event.
func (l *eventLog) end() int64 { return l.first + int64(len(l.entries)) }

func (l *eventLog) add(e entry) {
	if e.id != "" {
		key := headerValue(e.id)
		places, known := l.ids[key]
		if !known {
			places.first = l.end()
		}
		places.last = l.end()
		places.count++
		l.ids[key] = places
		l.lastID = e.id
	}
	l.entries = append(l.entries, e)
	l.bytes += int64(len(e.wire))
}

// forget drops the oldest event.
func (l *eventLog) forget() {
	e := l.oldest()
	if e.id != "" {
		l.forgetID(headerValue(e.id))
	}
	l.bytes -= int64(len(e.wire))
	*e = entry{}
	l.entries = l.entries[1:]
	l.first++
}

// forgetID drops a place of an ID. Where there are others the first one is remembered:
// who has only that has missed all that is held.
func (l *eventLog) forgetID(key string) {
	places := l.ids[key]
	if places.count--; places.count == 0 {
		delete(l.ids, key)
		return
	}
	l.ids[key] = places
}

// after returns the number of the event to go on with after the one with this ID: the
// oldest one held if there is none. Of several events with the ID it is the first one,
// since the others may not have arrived; finally says to take the last one instead.
func (l *eventLog) after(id string, finally bool) int64 {
	places, known := l.ids[headerValue(id)]
	switch {
	case !known:
		return l.first
	case finally:
		return places.last + 1
	default:
		return max(places.first+1, l.first)
	}
}
