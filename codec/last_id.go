package codec

// maxShared is the size of the largest allocation that an event's data and ID share. A
// short ID that the decoder or the program keeps should not keep megabytes of data alive.
const maxShared = 4 << 10

// maxPackedID is the size of the largest ID that shares an allocation with its event's data.
// A longer one is a separate string, which all events that have it share: otherwise a
// few bytes from the network could each cost as much memory as the ID.
const maxPackedID = 1 << 10

// A lastID is the last event ID of a stream, as bytes for views and as a string for
// events, and the ID that the block being read has set.
type lastID struct {
	ids     [2]span // the current one and the block's
	current int
	set     bool // the block has set one

	text  string // the current one, unless stale
	stale bool
}

// reset makes id the current ID of a new stream.
func (l *lastID) reset(id string) {
	l.now().copy([]byte(id))
	l.text = id
}

// setPending makes buf[start:end] the ID of the block.
func (l *lastID) setPending(start, end int) {
	l.ids[1-l.current].set(start, end)
	l.set = true
}

// pending returns the ID that the block has set, empty if it has not.
func (l *lastID) pending() *span {
	return &l.ids[1-l.current]
}

// commit makes the ID that the block has set the current one.
func (l *lastID) commit() {
	if l.set {
		l.ids[l.current].set(0, 0)
		l.current = 1 - l.current
		l.set, l.stale = false, true
	}
}

// now returns the current ID.
func (l *lastID) now() *span {
	return &l.ids[l.current]
}

// known returns the current ID if it exists as a string.
func (l *lastID) known() (string, bool) { return l.text, !l.stale }

// remember keeps id, which is the current ID.
func (l *lastID) remember(id string) { l.text, l.stale = id, false }

// string returns the current ID.
func (l *lastID) string(buf []byte) string {
	if l.stale {
		l.text, l.stale = string(l.now().bytes(buf)), false
	}
	return l.text
}
