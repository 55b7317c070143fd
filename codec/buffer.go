package codec

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
	"unicode/utf8"
)

const (
	// firstBuffer is the size of the buffer until a read fills it.
	firstBuffer = 768
	// readSize is the size of the largest read. A TLS record holds that many bytes, and
	// they are still in the processor's nearest cache when they are parsed.
	readSize = 16 << 10
	// expansion is how many times longer text can be than the bytes it is decoded from.
	// There is always room for it after the bytes that were read.
	expansion = len(replacement)
	// fastBuffer is the size up to which the buffer grows while reads fill it.
	fastBuffer = expansion * readSize
	// minRoom is the least room for a read.
	minRoom = 128 * expansion
	// maxEmptyReads is how often a reader may return no bytes and no error.
	maxEmptyReads = 100
)

const byteOrderMark = "\uFEFF"

// A buffer reads a stream, decodes it as UTF-8 and divides it into lines: the first two
// stages of WHATWG HTML §9.2.6. Bytes that belong to the block being read stay in it until
// compact moves them.
type buffer struct {
	r     io.Reader
	bytes []byte

	line int // where the next line begins
	lf   int // the first LF at or after line, or end; nextLine updates it once line has passed it
	cr   int // the first CR at or after line, or end
	end  int // the end of the text
	raw  int // bytes[end:raw] is the beginning of a character, at most 3 bytes

	offset   int64 // of end in the stream
	started  bool  // the place of a byte order mark has been passed
	skipLF   bool  // the last line ended in CR; an LF that follows belongs to that line end
	dropping bool  // the rest of the current line is dropped as it arrives
	full     bool  // the last read filled the room it was given
	readErr  error // came with bytes; the next read returns it
	scratch  []byte
}

// nextLine returns the bounds of the next line, without its end, and advances past it. It
// reports false if the text contains no more line ends.
//
// Most lines that are not data have fewer than 16 bytes. A search in two words of eight is
// faster for them than a call of bytes.IndexByte; BenchmarkScan/small shows it.
func (b *buffer) nextLine() (start, end int, ok bool) {
	start, end = b.line, b.lf
	if end < start {
		rest := b.bytes[start:b.end]
		n := 16
		if len(rest) >= 16 && rest[0] != 'd' {
			if n = firstLF(rest); n == 8 {
				n += firstLF(rest[8:])
			}
		}
		if n == 16 {
			n = bytes.IndexByte(rest, '\n')
		}
		if end = start + n; n < 0 {
			end = b.end
		}
		b.lf = end
	}
	if b.cr < end {
		return start, b.endAtCR(), true
	}
	if end == b.end {
		return start, end, false
	}
	b.line = end + 1
	return start, end, true
}

// firstLF returns the index of the first LF in the first eight bytes of p, or 8.
func firstLF(p []byte) int {
	const ones = 0x0101010101010101
	word := binary.LittleEndian.Uint64(p) ^ '\n'*ones              // each LF becomes 0
	return bits.TrailingZeros64((word-ones)&^word&(0x80*ones)) / 8 // a 0 borrows, which sets its highest bit
}

// skipBlankLine skips the next line if it is blank and ends with LF, and reports whether it
// did. It does what nextLine does for that line, and is small enough to be inlined.
func (b *buffer) skipBlankLine() bool {
	if b.line == b.end || b.bytes[b.line] != '\n' {
		return false
	}
	b.line++
	return true
}

// endAtCR ends the current line at the next CR, or CRLF, and returns the index of the CR.
func (b *buffer) endAtCR() (end int) {
	end = b.cr
	b.line = end + 1
	if b.line == b.end {
		b.skipLF = true
	} else if b.bytes[b.line] == '\n' {
		b.line++
	}
	b.cr = b.find('\r', b.line)
	return end
}

// find returns the index of the first c at or after from, or end.
func (b *buffer) find(c byte, from int) int {
	if i := bytes.IndexByte(b.bytes[from:b.end], c); i >= 0 {
		return from + i
	}
	return b.end
}

// partialLine returns what has been read of the line after the last line end.
func (b *buffer) partialLine() []byte {
	return b.bytes[b.line:b.end]
}

// dropLine drops the partial line, and the rest of it as it arrives.
func (b *buffer) dropLine() {
	b.line, b.dropping = b.end, true
}

// offsetOf returns where in the stream the text at index i begins.
func (b *buffer) offsetOf(i int) int64 {
	return b.offset - int64(b.end-i)
}

// read reads once and decodes the bytes. Call it when nextLine has found no line.
func (b *buffer) read() error {
	if b.readErr != nil {
		return b.readErr
	}
	room := b.bytes[b.raw : b.raw+min(readSize, b.room()/expansion)]
	for range maxEmptyReads {
		n, err := b.r.Read(room)
		if n < 0 || n > len(room) {
			return bufio.ErrBadReadCount
		}
		if n > 0 {
			b.raw += n
			b.full = n == len(room)
			b.readErr = err
			b.decode()
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// room returns how many bytes are free after what was read.
func (b *buffer) room() int {
	// The beginning of a character may become one more replacement character.
	return len(b.bytes) - b.raw - expansion
}

// decode decodes the bytes up to raw, except for an incomplete character at their end.
func (b *buffer) decode() {
	before := b.end
	end := b.raw - unfinished(b.bytes[before:b.raw])
	if utf8.Valid(b.bytes[before:end]) {
		b.end = end
	} else {
		b.replaceInvalid(end)
	}
	if b.end == before {
		return
	}
	b.offset += int64(b.end - before)
	b.lf, b.cr = b.find('\n', before), b.find('\r', before) // the partial line has none
	if !b.started {
		b.started = true
		if bytes.HasPrefix(b.bytes[:b.end], []byte(byteOrderMark)) {
			b.line = len(byteOrderMark)
		}
	}
	if b.skipLF {
		b.skipLF = false
		b.skipBlankLine()
	}
	if b.dropping {
		if _, _, ended := b.nextLine(); ended {
			b.dropping = false
		} else {
			b.line = b.end
		}
	}
}

// replaceInvalid decodes the bytes up to end, some of which are invalid.
func (b *buffer) replaceInvalid(end int) {
	from := b.end + validPrefix(b.bytes[b.end:b.raw])
	b.scratch = append(b.scratch[:0], b.bytes[from:b.raw]...)
	bad := end - from
	b.end = len(appendValid(b.bytes[:from], b.scratch[:bad]))
	b.raw = b.end + copy(b.bytes[b.end:], b.scratch[bad:])
}

// compact moves the text to begin at to, which is before the next line.
func (b *buffer) compact(to int) {
	by := b.line - to
	copy(b.bytes[to:], b.bytes[b.line:b.raw])
	b.line -= by
	b.lf -= by
	b.cr -= by
	b.end -= by
	b.raw -= by
}

// grow makes room for a read, and for larger reads if the last one was full. The buffer
// grows to at most limit bytes plus what a read needs. It quadruples rather than doubles,
// and takes the rest at once when more than half is reached, so that all buffers of an
// ever-growing event together stay under twice the limit.
func (b *buffer) grow(limit int) {
	wantsMore := b.full && len(b.bytes) < fastBuffer
	if b.room() >= minRoom && !wantsMore {
		return
	}
	size := max(4*len(b.bytes), firstBuffer)
	if most := limit + fastBuffer; size > most/2 {
		size = most
	}
	larger := make([]byte, size)
	copy(larger, b.bytes[:b.raw])
	b.bytes = larger
}
