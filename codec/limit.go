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

// WithMaxEventSize sets the maximum size of an event in bytes. A larger event ends the
// stream with a [SizeError]. The default is 16 MiB. Lower it for untrusted servers and many
// streams; raise it for services that send larger payloads. It panics if bytes is less than
// 1.
//
// The size is what the decoder has to hold at once, without field names and line ends:
//
//   - the data;
//   - the type, the ID and the last event ID, twice, because the decoder may hold a copy of
//     them beside its buffer;
//   - the value of the line being read, if it is a retry line or a comment to deliver.
//
// Other lines, such as unknown fields and comments that are not delivered, do not count.
// The decoder skips them without storing them, even if they never end.
//
// The decoder uses less memory than twice the limit, or 128 KiB if that is more. For a
// stream of small events it uses 1 to 64 KiB. Its buffer never shrinks.
func WithMaxEventSize(bytes int) DecoderOption {
	if bytes < 1 {
		panic(fmt.Sprintf("codec: maximum event size must be at least 1 byte, got %d", bytes))
	}
	return func(d *Decoder) { d.limit = min(bytes, math.MaxInt/8) }
}

// A SizeError reports that an event is larger than [WithMaxEventSize] allows.
type SizeError struct {
	// Limit is the maximum size of an event in bytes, see [WithMaxEventSize].
	Limit int
	// Offset is where the line that exceeds the limit begins, in bytes from the beginning
	// of the stream. An invalid UTF-8 sequence counts as the three bytes of the U+FFFD that
	// replaced it.
	Offset int64
	// Field is the name of that line's field: "data", "event", "id", "retry", or
	// "comment".
	Field string
}

// Error returns a message with the limit, the field and the offset.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%sevent exceeds the limit of %d bytes in its %s line at byte %d of the stream; raise it with WithMaxEventSize if this is legitimate",
		errorPrefix, e.Limit, e.Field, e.Offset)
}

// exceedsLimit reports whether another line of field f, whose value has n bytes, makes the
// block too large.
func (d *Decoder) exceedsLimit(f field, n int) bool {
	if f == fieldUnknown || f == fieldComment && !d.comments {
		return false
	}
	return d.block.size(f, n) > d.limit
}
