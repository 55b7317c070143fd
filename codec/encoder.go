package codec

import (
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxKeptBuffer is the largest buffer that an [Encoder] keeps for its next event, so that
// one huge event does not hold its memory until the stream ends.
const maxKeptBuffer = 64 << 10

// AppendEvent appends e to dst in the text/event-stream format and returns the extended
// slice. It writes
//
//   - if Type or Data is not empty, a message: its fields and a blank line. Data is split
//     at LF, one data line for each part. The types "" and "message" are not written. The
//     id line comes last: some clients store an ID as soon as they read its line, and would
//     miss the event if the connection broke before the data;
//   - otherwise, if ID is not empty, a block that sets the last event ID, and the
//     reconnection time if Retry is not 0, and is not a message;
//   - otherwise, if Retry is not 0, a block that sets the reconnection time;
//   - otherwise a comment. The zero Event becomes an empty comment, a heartbeat.
//
// A decoder returns the same event, with Type "message" for "". If ID is empty, AppendEvent
// writes no id line, and the decoder sets ID to the last event ID.
//
// AppendEvent returns dst unchanged and an [EncodeError] if the format cannot carry the
// event: CR in Data (it would become LF); LF, CR or NUL in Type or ID; LF or CR in Comment
// (write one comment per line); invalid UTF-8; a Retry that is negative or not a whole
// number of milliseconds, except [RetryZero], which is written as "retry: 0"; a Comment
// together with another field (write two events).
//
// The output begins with an ASCII character, so a client cannot mistake the data for a byte
// order mark. See WHATWG HTML §9.2.5.
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

// appendData appends a data line for each line of data. A decoder removes one space after
// the colon, so the one that is written here protects a leading space of the line.
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

// check returns an [EncodeError] if the format cannot carry the event.
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

// checkText returns an [EncodeError] for invalid UTF-8 and for the characters in bad, which
// are ASCII.
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

// An EncodeError reports why an event cannot be written to an event stream.
type EncodeError struct {
	// Field is the invalid field: "event" (the type), "data", "id", "retry" or "comment".
	Field string
	// Reason completes a sentence that begins with the field's name, such as "is negative".
	Reason string
}

// Error returns a message with the field and the reason, without the field's value.
func (e *EncodeError) Error() string {
	return errorPrefix + "cannot encode event: " + e.Field + " " + e.Reason
}

// An Encoder writes events to a stream. It is not safe for concurrent use.
type Encoder struct {
	w   io.Writer
	buf []byte
}

// NewEncoder returns an Encoder that writes to w. If w buffers, as an
// [net/http.ResponseWriter] does, the caller must flush it.
func NewEncoder(w io.Writer) *Encoder {
	return &Encoder{w: w}
}

// Encode writes event, as [AppendEvent] formats it, with one call of Write. If the event
// cannot be encoded, it returns an [EncodeError] and writes nothing. It returns errors of
// the writer unchanged, and [io.ErrShortWrite] if the writer has written less without an error.
func (e *Encoder) Encode(event Event) error {
	wire, err := AppendEvent(e.buf[:0], event)
	if err != nil {
		return err
	}
	if cap(wire) <= maxKeptBuffer {
		e.buf = wire
	}
	n, err := e.w.Write(wire)
	if err == nil && n < len(wire) {
		return io.ErrShortWrite
	}
	return err
}
