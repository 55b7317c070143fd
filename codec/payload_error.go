package codec

import (
	"fmt"
	"strings"
)

const (
	maxShownName   = 64  // bytes of a type, an ID or a pointer in a message
	maxShownReason = 200 // bytes of another package's error in a message
)

// A PayloadError says that an event's data could not be decoded.
type PayloadError struct {
	// Type and ID are those of the event.
	Type, ID string
	// Offset is the place in the data, in bytes, and -1 if it is not known.
	Offset int64
	// Pointer is the place in a JSON document as a JSON Pointer (RFC 6901), and
	// empty for its root or if it is not known.
	Pointer string
	// Err is the error of the function that decodes. It may hold parts of the
	// payload; JSON's errors do.
	Err error

	reason string // instead of the text of Err, which would repeat the payload
}

// Error names the event and the place. It never shows the payload of an event
// that [JSON] could not decode, apart from the member names that lead to the
// place; of another decoder's error it shows the first 200 bytes.
func (e *PayloadError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sdecode payload of event %s", errorPrefix, quote(e.Type))
	if e.ID != "" {
		fmt.Fprintf(&b, " (id %s)", quote(e.ID))
	}
	if e.Pointer != "" {
		fmt.Fprintf(&b, " at %s", quote(e.Pointer))
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " after byte %d", e.Offset)
	}
	b.WriteString(": ")
	switch {
	case e.reason != "":
		b.WriteString(shorten(e.reason, maxShownReason))
	case e.Err != nil:
		b.WriteString(shorten(e.Err.Error(), maxShownReason))
	default:
		b.WriteString("invalid payload")
	}
	return b.String()
}

// Unwrap returns Err.
func (e *PayloadError) Unwrap() error {
	return e.Err
}

// quote quotes a name that came from the network.
func quote(name string) string {
	return fmt.Sprintf("%q", shorten(name, maxShownName))
}

// shorten cuts s at a character's beginning, to n bytes at most and an ellipsis.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
