package codec

// A span is a part of the decoder's buffer, such as the type of the block being read. It
// is two indices while the bytes stay where they were read. Most spans are dropped before
// the bytes have to move; keep copies the others.
type span struct {
	start, end int
	kept       bool   // the bytes are in store, not in the buffer
	store      []byte // reused
}

// maxKeptStore is the size up to which a store is reused.
const maxKeptStore = 4 << 10

// set makes s refer to buf[start:end].
func (s *span) set(start, end int) {
	s.start, s.end, s.kept = start, end, false
	if cap(s.store) > maxKeptStore {
		s.store = nil
	}
}

// copy makes s a copy of p.
func (s *span) copy(p []byte) {
	s.store = append(s.store[:0], p...)
	s.start, s.end, s.kept = 0, len(p), true
}

// keep copies the bytes out of the buffer, which is about to overwrite or move them.
func (s *span) keep(buf []byte) {
	if !s.kept {
		s.copy(buf[s.start:s.end])
	}
}

func (s *span) len() int {
	return s.end - s.start
}

func (s *span) bytes(buf []byte) []byte {
	if s.kept {
		buf = s.store
	}
	return buf[s.start:s.end:s.end]
}
