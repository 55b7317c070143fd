package sink

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rxsse/rxsse/codec"
)

// maxEventID is the longest ID of an event that a client can be expected to send back:
// servers and proxies limit a request's header to 8 KiB or more.
const maxEventID = 4 << 10

// appendWire appends e as it is sent to clients. It repairs text in e that the format
// cannot carry, see repairText, and reports whether there was any. It refuses an event that
// cannot be repaired without changing its meaning: a line break, a NUL or invalid UTF-8 in
// an ID, a line break or a NUL in a type, an ID that no client can send back, a comment
// beside other fields. See [codec.AppendEvent].
//
// A separate comment or retry is one line without a blank line, for the same reason as
// heartbeatLine.
func appendWire(dst []byte, e *codec.Event) (wire []byte, repaired bool, err error) {
	wire, err = codec.AppendEvent(dst, *e)
	if err != nil && repairText(e) {
		repaired = true
		wire, err = codec.AppendEvent(dst, *e)
	}
	if err == nil {
		err = checkID(e.ID)
	}
	if err != nil {
		return dst, repaired, err
	}
	if e.Type == "" && e.Data == "" && e.ID == "" {
		wire = wire[:len(wire)-1]
	}
	return wire, repaired, nil
}

// checkID returns an error for an ID that a client cannot send back in a header. A server
// answers a header with control characters with status 400, after which an EventSource
// never tries again, and a header of spaces arrives empty.
func checkID(id string) error {
	if len(id) > maxEventID {
		return fmt.Errorf("cannot encode event: id has %d bytes, more than %d", len(id), maxEventID)
	}
	for i := range len(id) {
		if c := id[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("cannot encode event: id has the control character %q, which a client cannot send back in a header", c)
		}
	}
	if id != "" && headerValue(id) == "" {
		return errors.New("cannot encode event: id has only spaces, which a client cannot send back in a header")
	}
	return nil
}

// repairText replaces what an event stream cannot carry: CRLF and CR in Data by LF, line
// breaks in Comment by a space, and invalid UTF-8 in Data, Comment and Type by U+FFFD.
func repairText(e *codec.Event) (repaired bool) {
	if strings.IndexByte(e.Data, '\r') >= 0 {
		e.Data = lineFeeds.Replace(e.Data)
		repaired = true
	}
	if strings.ContainsAny(e.Comment, "\r\n") {
		e.Comment = spaces.Replace(e.Comment)
		repaired = true
	}
	for _, text := range []*string{&e.Type, &e.Data, &e.Comment} {
		if !utf8.ValidString(*text) {
			*text = strings.ToValidUTF8(*text, "\uFFFD")
			repaired = true
		}
	}
	return repaired
}

//nolint:gochecknoglobals // constants
var (
	lineFeeds = strings.NewReplacer("\r\n", "\n", "\r", "\n")
	spaces    = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ")
)
