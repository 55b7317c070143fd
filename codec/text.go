package codec

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"
)

const (
	// firstBuffer is the size of the buffer for a stream that says little at a time.
	firstBuffer = 4 << 10
	// readSize is the most that is read at once: what a TLS record holds, and little
	// enough to be still in the processor's nearest cache when it is parsed.
	readSize = 16 << 10
	// expansion is how much longer text can be than the bytes it is decoded from:
	// there is always room for it behind what is read.
	expansion = len(replacement)
	// fastBuffer is the size up to which the buffer grows while reads fill it.
	fastBuffer = expansion * readSize
	// minRoom is the least room worth a read.
	minRoom = 512 * expansion
	// maxEmptyReads is how often a reader may return nothing and no error.
	maxEmptyReads = 100
)

const byteOrderMark = "\uFEFF"

// A text is the buffered part of a stream, decoded as UTF-8: the first stage of
// the standard's algorithm. In it
//
//	buf[line:end] is text: the line being read and what follows it
//	buf[end:raw]  is the beginning of a character, at most 3 bytes
//	lf, cr        are the places of the first LF and CR at or after line, end if
//	              there is none; they are looked for when they fall behind line
//
// and line <= end <= raw. What lies before line belongs to the block.
type text struct {
	r   io.Reader
	buf []byte

	line, lf, cr, end, raw int

	offset  int64 // of end in the stream
	started bool  // the place of a byte order mark is passed
	full    bool  // the last read filled the room it was given
	readErr error // came with bytes, to be returned by the next read
	scratch []byte
}

// lineOffset returns where in the stream the line being read begins.
func (t *text) lineOffset() int64 {
	return t.offset - int64(t.end-t.line)
}

// read reads once, into the room after raw, and decodes what came.
func (t *text) read() error {
	if t.readErr != nil {
		return t.readErr
	}
	room := t.buf[t.raw : t.raw+min(readSize, t.room()/expansion)]
	for range maxEmptyReads {
		n, err := t.r.Read(room)
		if n < 0 || n > len(room) {
			return bufio.ErrBadReadCount
		}
		if n > 0 {
			t.raw += n
			t.full = n == len(room)
			t.readErr = err
			t.decode()
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// room returns how many bytes are free behind what was read.
func (t *text) room() int {
	// The beginning of a character may become one more replacement character.
	return len(t.buf) - t.raw - expansion*(utf8.UTFMax-1)
}

// decode makes text of the bytes up to raw, except for a character at their end
// that is not complete.
func (t *text) decode() {
	before := t.end
	tail := unfinished(t.buf[t.end:t.raw])
	if utf8.Valid(t.buf[t.end : t.raw-tail]) {
		t.end = t.raw - tail
	} else {
		t.replace(tail)
	}
	t.offset += int64(t.end - before)
	if !t.started && t.end > 0 {
		t.started = true
		if bytes.HasPrefix(t.buf[:t.end], []byte(byteOrderMark)) {
			t.line = len(byteOrderMark)
		}
	}
	if t.lf == before {
		t.lf = t.find('\n', before)
	}
	if t.cr == before {
		t.cr = t.find('\r', before)
	}
}

// replace decodes the bytes up to tail before raw, of which some are not valid.
func (t *text) replace(tail int) {
	from := t.end + validPrefix(t.buf[t.end:t.raw])
	t.scratch = append(t.scratch[:0], t.buf[from:t.raw]...)
	bad := len(t.scratch) - tail
	t.end = len(appendValid(t.buf[:from], t.scratch[:bad]))
	t.raw = t.end + copy(t.buf[t.end:], t.scratch[bad:])
}

// blankLine returns the length of the line end that the line being read consists
// of, if it does and the end is LF or CRLF, and otherwise 0.
func (t *text) blankLine() int {
	switch rest := t.buf[t.line:t.end]; {
	case len(rest) > 0 && rest[0] == '\n':
		return 1
	case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
		return 2
	default:
		return 0
	}
}

// find returns the place of the first c at or after from, and end if there is none.
func (t *text) find(c byte, from int) int {
	if i := bytes.IndexByte(t.buf[from:t.end], c); i >= 0 {
		return from + i
	}
	return t.end
}

// move moves the text to begin at to, before where it is.
func (t *text) move(to int) {
	by := t.line - to
	copy(t.buf[to:], t.buf[t.line:t.raw])
	t.line -= by
	t.lf -= by
	t.cr -= by
	t.end -= by
	t.raw -= by
}

// grow enlarges the buffer, to most bytes at the most. It quadruples rather than
// doubles, and takes the rest at once when more than half is reached, so that all
// buffers of an ever growing event together stay under twice the limit.
func (t *text) grow(most int) {
	size := max(4*len(t.buf), firstBuffer)
	if size > most/2 {
		size = most
	}
	if size <= len(t.buf) {
		return
	}
	buf := make([]byte, size)
	copy(buf, t.buf[:t.raw])
	t.buf = buf
}
