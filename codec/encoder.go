package codec

import (
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxKeptBuffer is the largest buffer an [Encoder] keeps for its next event: one
// huge event does not pin its size in memory for as long as the stream lasts.
const maxKeptBuffer = 64 << 10

// AppendEvent appends the event to dst in the text/event-stream format and
// returns the extended slice. It writes
//
//   - a message, if Type or Data is not empty: its fields and a blank line.
//     Data is split at LF, one data line for each. Types "" and "message" are the
//     same and not written. The id line is the last: some clients take an ID when
//     they read its line, and would lose an event that is cut off after it;
//   - otherwise, if ID is not empty, a block that moves the last event ID (and
//     sets the reconnection time if Retry is not 0) and dispatches nothing;
//   - otherwise, if Retry is not 0, a block that sets the reconnection time;
//   - otherwise a comment, empty for the zero Event: a heartbeat.
//
// A decoder turns what was written into the same event, with Type "message" for
// "". An empty ID writes no id line, so there the decoder fills in the last
// event ID.
//
// What the format cannot carry is refused with an [EncodeError], and dst is
// returned as it was: CR in Data (it would come back as LF); LF, CR or NUL in
// Type or ID; LF or CR in Comment (write one comment for each line); invalid
// UTF-8 anywhere; a Retry that is negative or not in whole milliseconds (but [RetryZero] is "retry: 0"); and a
// Comment together with anything else (write two events).
//
// The output begins with an ASCII character, so no event is mistaken for a byte
// order mark, whatever its data. See WHATWG HTML §9.2.5.
func AppendEvent(dst []byte, e Event) ([]byte, error) {
	if err := check(&e); err != nil {
		return dst, err
	}
	message := e.Type != "" || e.Data != ""
	if !message && e.ID == "" && e.Retry == 0 {
		dst = append(dst, ':')
		dst = append(dst, e.Comment...)
		return append(dst, '\n', '\n'), nil
	}
	if e.Type != "" && e.Type != DefaultType {
		dst = append(dst, "event: "...)
		dst = append(dst, e.Type...)
		dst = append(dst, '\n')
	}
	if e.Retry != 0 {
		dst = append(dst, "retry: "...)
		dst = strconv.AppendInt(dst, int64(e.Retry/time.Millisecond), 10)
		dst = append(dst, '\n')
	}
	if message {
		dst = appendData(dst, e.Data)
	}
	if e.ID != "" {
		dst = append(dst, "id: "...)
		dst = append(dst, e.ID...)
		dst = append(dst, '\n')
	}
	return append(dst, '\n'), nil
}

// appendData appends a data line for each line of data. The space after the
// colon keeps a leading space of the line, which a decoder would remove.
func appendData(dst []byte, data string) []byte {
	for {
		line, rest, more := strings.Cut(data, "\n")
		if line == "" {
			dst = append(dst, "data:\n"...)
		} else {
			dst = append(dst, "data: "...)
			dst = append(dst, line...)
			dst = append(dst, '\n')
		}
		if !more {
			return dst
		}
		data = rest
	}
}

// check returns an [EncodeError] for what the format cannot carry.
func check(e *Event) error {
	if e.Comment != "" {
		if e.Type != "" || e.Data != "" || e.ID != "" || e.Retry != 0 {
			return &EncodeError{Field: "comment", Reason: "stands beside other fields; write two events"}
		}
		return checkText("comment", e.Comment, "\n\r")
	}
	if e.Retry < 0 {
		return &EncodeError{Field: "retry", Reason: "is negative"}
	}
	if e.Retry%time.Millisecond != 0 && e.Retry != RetryZero {
		return &EncodeError{Field: "retry", Reason: "is not in whole milliseconds"}
	}
	if err := checkText("event", e.Type, "\n\r\x00"); err != nil {
		return err
	}
	if err := checkText("id", e.ID, "\n\r\x00"); err != nil {
		return err
	}
	return checkText("data", e.Data, "\r")
}

// checkText refuses invalid UTF-8 and any of the characters of bad, all of them
// ASCII.
func checkText(field, text, bad string) error {
	for i := range len(bad) {
		if strings.IndexByte(text, bad[i]) >= 0 {
			return &EncodeError{Field: field, Reason: "contains " + characterName(bad[i])}
		}
	}
	if !utf8.ValidString(text) {
		return &EncodeError{Field: field, Reason: "is not valid UTF-8"}
	}
	return nil
}

func characterName(c byte) string {
	switch c {
	case '\n':
		return "a line feed"
	case '\r':
		return "a carriage return"
	default:
		return "a NUL"
	}
}

// An EncodeError says why an event cannot be written as an event stream.
type EncodeError struct {
	// Field is the field at fault: "event" (the type), "data", "id", "retry" or
	// "comment".
	Field string
	// Reason continues a sentence that begins with the field's name.
	Reason string
}

// Error does not quote the field's value.
func (e *EncodeError) Error() string {
	return errorPrefix + "cannot encode event: " + e.Field + " " + e.Reason
}

// An Encoder writes events to a stream. It is not safe for concurrent use.
type Encoder struct {
	w   io.Writer
	buf []byte
}

// NewEncoder returns an Encoder that writes to w. If w buffers, as an
// [net/http.ResponseWriter] does, the caller flushes it.
func NewEncoder(w io.Writer) *Encoder {
	return &Encoder{w: w}
}

// Encode writes the event, see [AppendEvent], with one call of Write. An event
// that cannot be encoded is refused with an [EncodeError] and nothing is
// written; an error of the writer is returned as it is.
func (e *Encoder) Encode(event Event) error {
	wire, err := AppendEvent(e.buf[:0], event)
	if err != nil {
		return err
	}
	if cap(wire) <= maxKeptBuffer {
		e.buf = wire
	}
	_, err = e.w.Write(wire)
	return err
}
