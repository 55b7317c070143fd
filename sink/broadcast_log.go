package sink

import "time"

// An eventLog is the newest events of a broadcast, numbered from 0 on.
type eventLog struct {
	entries []entry
	first   int64 // number of the oldest one
	bytes   int64
	ids     map[string]int64 // the number of the first event held with an ID
}

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
	if _, known := l.ids[e.id]; !known && e.id != "" {
		l.ids[e.id] = l.end()
	}
	l.entries = append(l.entries, e)
	l.bytes += int64(len(e.wire))
}

// forget drops the oldest event.
func (l *eventLog) forget() {
	e := l.oldest()
	if l.ids[e.id] == l.first {
		delete(l.ids, e.id)
	}
	l.bytes -= int64(len(e.wire))
	*e = entry{}
	l.entries = l.entries[1:]
	l.first++
}

// after returns the number of the event to go on with after the one with this ID:
// the oldest one held if there is none.
func (l *eventLog) after(id string) int64 {
	if n, known := l.ids[id]; known && n >= l.first {
		return n + 1
	}
	return l.first
}
