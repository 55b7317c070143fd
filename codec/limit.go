package codec

import (
	"fmt"
	"math"
)

// errorPrefix begins the message of every error of this package.
const errorPrefix = "codec: "

// defaultMaxEventSize is far above what services send in one event (the largest
// known limits are 1 MiB for Kafka and NATS messages and a few MiB for images
// in LLM streams), and small enough that a hundred hostile streams fit in memory.
const defaultMaxEventSize = 16 << 20

// WithMaxEventSize sets how many bytes of one event the decoder is ready to
// hold; an event with more ends the stream with a [SizeError]. The default is
// 16 MiB. Lower it where peers are not trusted and many streams are open; raise
// it for services that send larger payloads. It panics if bytes is less than 1.
//
// Counted is what has to be held at once, as delivered, field names and line ends
// not included: the event's data, its type, its id, the last event ID, and the
// value of the line being read, be it one of these or a retry or, where asked
// for, a comment. Types and IDs count twice, for the decoder may hold a copy of
// them beside its buffer. Everything else (unknown fields, comments nobody asked
// for, blank lines) is skipped without being held, however long.
//
// The decoder's memory stays below twice the limit, or 128 KiB if that is more; in a
// stream of small events it is 4 to 64 KiB. It keeps the buffer of the largest
// event it has seen.
func WithMaxEventSize(bytes int) DecoderOption {
	if bytes < 1 {
		panic(fmt.Sprintf("codec: maximum event size must be at least 1 byte, got %d", bytes))
	}
	return func(d *Decoder) { d.limit = min(bytes, math.MaxInt/8) }
}

// A SizeError says that an event is larger than the decoder was told to hold.
type SizeError struct {
	// Limit is the maximum size of an event in bytes, see [WithMaxEventSize].
	Limit int
	// Offset is where in the stream the line begins that took the event over the
	// limit, in bytes from the stream's beginning. Each byte sequence that is not
	// valid UTF-8 counts as the three bytes of the character that replaced it.
	Offset int64
	// Field is the name of that line's field: "data", "event", "id", "retry", or
	// "comment".
	Field string
}

// Error names the limit, the field and the offset.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%sevent exceeds the limit of %d bytes in its %s line at byte %d of the stream; raise it with WithMaxEventSize if this is legitimate",
		errorPrefix, e.Limit, e.Field, e.Offset)
}

// tooLarge reports whether the block exceeds the limit with a line of field f
// whose value has n bytes.
func (d *Decoder) tooLarge(f field, n int) bool {
	b := &d.block
	lent := d.ids.now().len()
	if f != fieldEvent {
		lent += b.typ.len()
	}
	if f != fieldID {
		lent += d.ids.pending().len()
	}
	if f == fieldEvent || f == fieldID {
		lent += n
		n = 0
	}
	if b.hasData {
		n += b.end - b.start
		if f == fieldData {
			n++
		}
	}
	return n+2*lent > d.limit
}
