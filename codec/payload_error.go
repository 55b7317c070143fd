package codec

import (
	"fmt"
	"strings"
)

const (
	maxShownName   = 64  // bytes of a type, an ID or a pointer in a message
	maxShownReason = 200 // bytes of another package's error in a message
)

// A PayloadError reports that an event's data cannot be decoded.
type PayloadError struct {
	// Type and ID are those of the event.
	Type, ID string
	// Offset is the number of bytes of the data before the fault, or -1 if unknown.
	Offset int64
	// Pointer locates the faulty value in a JSON document, as a JSON Pointer (RFC 6901). It
	// is empty for the root of the document, or if the place is unknown.
	Pointer string
	// Err is the error of the decoding function. Its text may quote the payload, as that of
	// [JSON] does.
	Err error

	reason string // instead of the text of Err, which would repeat the payload
}

// Error returns a message with the event's type and ID, the place and the reason. With
// [JSON] it never quotes the payload, except the member names that lead to the place. With
// another decoder the reason is the first 200 bytes of its error.
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

// shorten returns s, or its first n bytes and an ellipsis. It does not split a character.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
