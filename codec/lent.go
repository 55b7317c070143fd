package codec

// A lent is a value that stays where it was read, in the decoder's buffer, until
// the buffer is needed for other things: most are forgotten before.
type lent struct {
	start, end int
	kept       bool   // in store, not in the buffer
	store      []byte // reused
}

// maxKeptStore is the size up to which a store is reused.
const maxKeptStore = 4 << 10

// set makes the value what is at buf[start:end].
func (l *lent) set(start, end int) {
	l.start, l.end, l.kept = start, end, false
	if cap(l.store) > maxKeptStore {
		l.store = nil
	}
}

// copy makes the value a copy of p.
func (l *lent) copy(p []byte) {
	l.store = append(l.store[:0], p...)
	l.start, l.end, l.kept = 0, len(p), true
}

// keep moves the value out of the buffer.
func (l *lent) keep(buf []byte) {
	if !l.kept {
		l.copy(buf[l.start:l.end])
	}
}

func (l *lent) len() int {
	return l.end - l.start
}

func (l *lent) bytes(buf []byte) []byte {
	if l.kept {
		buf = l.store
	}
	return buf[l.start:l.end:l.end]
}
