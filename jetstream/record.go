package jetstream

import (
	"hash/crc32"
	"net/url"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse/codec"
)

// The headers of a message in a log, in addition to those of JetStream. There are few,
// since every server stores each of them. The ID of the event is in the message ID.
const (
	headerType   = "Rxsse-Type"   // the event's type; absent for "message"
	headerWriter = "Rxsse-Writer" // the writer and the number it gave the message
)

// newMessage returns e as a message of a log.
func newMessage(subject string, e codec.Event, numbering *numbering, writer string, number uint64) *nats.Msg {
	data := []byte(e.Data)
	header := make(nats.Header, 4) // with the expected sequence
	header[headerWriter] = []string{writer + " " + strconv.FormatUint(number, 10)}
	if e.Type != codec.DefaultType {
		header[headerType] = []string{escape(e.Type)}
	}
	if messageID := numbering.next(e, data); messageID != "" {
		header[jetstream.MsgIDHeader] = []string{messageID}
	}
	return &nats.Msg{Subject: subject, Header: header, Data: data}
}

// eventOf returns the event that a message of a log holds.
func eventOf(header nats.Header, data []byte) codec.Event {
	e := codec.Event{Type: codec.DefaultType, ID: idOf(header), Data: string(data)}
	if t := header.Get(headerType); t != "" {
		e.Type = unescape(t)
	}
	return e
}

// idOf returns the ID that the feed gave the event of a message, "" for none. For a message
// of another program, it is the message ID.
func idOf(header nats.Header) string {
	id, _, _ := strings.Cut(header.Get(jetstream.MsgIDHeader), " ")
	return unescape(id)
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

// A numbering gives each event of a feed a message ID, the same one each time the feed is
// read from the same position. It is made of the event's ID, a checksum of its type and
// data, and a number. Events may share an ID, or inherit that of the event before them: the
// checksum keeps different events apart, wherever they are, and the number keeps
// consecutive equal events apart.
type numbering struct {
	id   string // of the previous event
	same int    // how many events with this ID there were after the first
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli) //nolint:gochecknoglobals // a table that never changes

// next returns the message ID of e, whose data is data, "" if the feed has given no ID.
func (n *numbering) next(e codec.Event, data []byte) string {
	if e.ID == "" || e.ID != n.id {
		n.id, n.same = e.ID, 0
	} else {
		n.same++
	}
	if e.ID == "" {
		return ""
	}
	id := make([]byte, 0, 64)
	id = append(append(id, e.Type...), 0) // no type contains NUL
	sum := crc32.Update(crc32.Checksum(id, castagnoli), castagnoli, data)
	id = append(append(id[:0], escape(e.ID)...), ' ')
	id = strconv.AppendUint(id, uint64(sum), 36)
	if n.same > 0 {
		id = strconv.AppendInt(append(id, ' '), int64(n.same), 10)
	}
	return string(id)
}
