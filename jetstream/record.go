package jetstream

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse/codec"
)

// The headers of a message in a log, beside those of JetStream.
const (
	headerType   = "Rxsse-Type"   // the event's type; absent for "message"
	headerID     = "Rxsse-Id"     // the event's ID; absent if it has none
	headerWriter = "Rxsse-Writer" // the writer and the number it gave the message
)

// newMessage returns e as a message of a log. messageID is for the server's
// de-duplication, "" for none.
func newMessage(subject string, e codec.Event, messageID, writer string, number uint64) *nats.Msg {
	header := make(nats.Header, 4)
	header[headerWriter] = []string{writer + " " + strconv.FormatUint(number, 10)}
	if e.Type != "" && e.Type != codec.DefaultType {
		header[headerType] = []string{escape(e.Type)}
	}
	if e.ID != "" {
		header[headerID] = []string{escape(e.ID)}
	}
	if messageID != "" {
		header[jetstream.MsgIDHeader] = []string{messageID}
	}
	return &nats.Msg{Subject: subject, Header: header, Data: []byte(e.Data)}
}

// eventOf returns the event that a message of a log holds.
func eventOf(header nats.Header, data []byte) codec.Event {
	e := codec.Event{Type: codec.DefaultType, ID: unescape(header.Get(headerID)), Data: string(data)}
	if t := header.Get(headerType); t != "" {
		e.Type = unescape(t)
	}
	return e
}

// writerOf returns the writer of a message and the number it gave the message.
func writerOf(header nats.Header) (writer string, number uint64) {
	writer, n, _ := strings.Cut(header.Get(headerWriter), " ")
	number, _ = strconv.ParseUint(n, 10, 64) // 0 for a message of another program
	return writer, number
}

// escape makes s fit for a header: types and IDs may hold spaces and control
// characters.
func escape(s string) string { return url.PathEscape(s) }

func unescape(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil {
		return s // written by another program
	}
	return plain
}

// A numbering gives each event of a feed a message ID, the same one each time the
// feed is read from the same position. Events may share an ID, or inherit that of
// the event before them; they are told apart by their place after it.
type numbering struct {
	id   string // of the event before
	same int    // how many events with this ID there were after the first
}

// next returns the message ID of e, "" if the feed has given no ID yet.
func (n *numbering) next(e codec.Event) string {
	switch e.ID {
	case "":
		n.id = ""
		return ""
	case n.id:
		n.same++
		return escape(e.ID) + " " + strconv.Itoa(n.same)
	default:
		n.id, n.same = e.ID, 0
		return escape(e.ID)
	}
}
