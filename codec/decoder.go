package codec

import (
	"io"
	"iter"
	"strings"
	"time"
)

// A Decoder reads a stream of Server-Sent Events, by the rules of WHATWG HTML
// §9.2.5 and §9.2.6 and however the reader cuts the bytes.
//
// There are three ways to read, and they may be mixed: [Decoder.Next] returns
// events that own their strings, [Decoder.Events] gives the same to a range loop,
// and [Decoder.Scan] with [Decoder.View] lends bytes without copying.
//
// An event is delivered as soon as the last byte of its closing blank line has been
// read, also if that is a carriage return which a line feed may follow, and the
// decoder never reads on while it holds a complete event. A Decoder is not safe
// for concurrent use.
type Decoder struct {
	limit       int
	comments    bool
	retryEvents bool

	text  text
	block block
	ids   lastID
	types typeTable

	at      field // what the decoder has stopped at: data (a message), comment or retry
	comment lent

	defaultType [len(DefaultType)]byte // for views

	checked  bool // what is in the buffer may exceed the limit
	skipping bool // the rest of the line being read is of no interest
	skipLF   bool // the last line ended in CR, an LF now belongs to it

	retry    time.Duration
	hasRetry bool

	err error // why the stream ended, io.EOF included

	rest             Event // see Unterminated
	hasRest, flushed bool
}

// A DecoderOption changes what a [Decoder] does.
type DecoderOption func(*Decoder)

// WithLastEventID sets the last event ID the stream begins with, the empty string
// by default: a client that reconnects hands over the one it has. See
// [Decoder.LastEventID].
func WithLastEventID(id string) DecoderOption {
	return func(d *Decoder) { d.ids.reset(id) }
}

// WithComments delivers comments, each as an event of its own with an empty Type, at the end of its line and so before the message in whose block it may
// stand. By default they are skipped. Ask for them to see heartbeats.
func WithComments() DecoderOption {
	return func(d *Decoder) { d.comments = true }
}

// WithRetryEvents delivers blocks that set the reconnection time and hold no message: as an event with an empty Type, the Retry ([RetryZero] for "retry: 0") and the
// last event ID. By default they only show in [Decoder.Retry].
func WithRetryEvents() DecoderOption {
	return func(d *Decoder) { d.retryEvents = true }
}

// NewDecoder returns a Decoder that reads from r. It reads only when
// an event is needed, and buffers what r returns, so r should not be read by
// others. Without options it delivers messages of up to 16 MiB.
func NewDecoder(r io.Reader, opts ...DecoderOption) *Decoder {
	d := &Decoder{limit: defaultMaxEventSize, text: text{r: r}}
	copy(d.defaultType[:], DefaultType)
	for _, opt := range opts {
		opt(d)
	}
	return d
}

// Next returns the next event. It allocates once for an event's data and id
// together; types seen before are not allocated again. Events that have a long id in
// common share its memory.
//
// At the end of the stream the error is [io.EOF] itself; an event that the stream
// did not complete with a blank line is discarded, as the standard demands (see
// [Decoder.Unterminated]). It is
// a [SizeError] for an event that is too large, and otherwise the reader's
// error, unchanged, after all events read before it. Once Next has returned an
// error it returns the same error for ever.
func (d *Decoder) Next() (e Event, err error) {
	if !d.Scan() {
		return e, d.err
	}
	d.own(&e)
	return e, nil
}

// Events returns the events that are left as a sequence. It ends after the last
// event if the stream ends; any other error of [Decoder.Next] is its last pair.
// Breaking off loses nothing: the next call or range gets the next event.
func (d *Decoder) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for d.Scan() {
			var e Event
			d.own(&e)
			if !yield(e, nil) {
				return
			}
		}
		if err := d.Err(); err != nil {
			yield(Event{}, err)
		}
	}
}

// Scan reads up to the next event, which [Decoder.View] then shows. It returns
// false when there are no more, for the reason that [Decoder.Err] returns. It
// allocates nothing beyond the buffer of the decoder.
func (d *Decoder) Scan() bool {
	d.leave()
	for d.err == nil {
		if d.interpret() {
			return d.err == nil
		}
		d.err = d.fill()
	}
	return false
}

// View returns the event that [Decoder.Scan] has stopped at. Its bytes are lent:
// they are valid until the next call of Scan, Next or Events, which overwrites
// them, and must not be modified.
func (d *Decoder) View() (v View) {
	buf, b := d.text.buf, &d.block
	switch d.at {
	case fieldData:
		v.Type = d.defaultType[:]
		if b.typ.len() > 0 {
			v.Type = b.typ.bytes(buf)
		}
		v.Data = buf[b.start:b.end:b.end]
		v.ID = d.ids.now().bytes(buf)
		v.Retry = b.retry
	case fieldRetry:
		v.ID = d.ids.now().bytes(buf)
		v.Retry = b.retry
	case fieldComment:
		v.Comment = d.comment.bytes(buf)
	default:
	}
	return v
}

// Err returns the error that ended the stream: nil before its end and when it
// ended with [io.EOF], and otherwise what [Decoder.Next] describes.
func (d *Decoder) Err() error {
	if d.err == io.EOF { //nolint:errorlint // an EOF that the reader has wrapped is one of its errors
		return nil
	}
	return d.err
}

// LastEventID returns the last event ID: the value for the Last-Event-ID header
// of the next connection, and empty if there is none to send. It is that of the
// last block that was completed by a blank line, whether or not the block
// dispatched an event.
func (d *Decoder) LastEventID() string {
	return d.ids.string(d.text.buf)
}

// Retry returns the reconnection time the stream has set last, and whether it has
// set one. It takes effect at the end of its line, even if its block is never
// completed. A number too large for a [time.Duration] counts as the largest one.
func (d *Decoder) Retry() (time.Duration, bool) {
	return d.retry, d.hasRetry
}

// A View is an event whose bytes belong to the [Decoder]; see [Decoder.View] for
// how long. Its fields mean the same as those of [Event].
type View struct {
	Type  []byte
	Data  []byte
	ID    []byte
	Retry time.Duration
	// Comment is nil unless the event is a comment; an empty comment is not nil.
	Comment []byte
}

// own sets e, a zero Event, to what [Decoder.View] shows, in strings of its own.
func (d *Decoder) own(e *Event) {
	buf, b := d.text.buf, &d.block
	if d.at == fieldComment {
		e.Comment = string(d.comment.bytes(buf))
		return
	}
	if d.at == fieldData {
		e.Type = DefaultType
		if b.typ.len() > 0 {
			e.Type = d.types.intern(b.typ.bytes(buf))
		}
	}
	e.Retry = b.retry
	if id, ok := d.ids.known(); ok {
		e.ID, e.Data = id, string(buf[b.start:b.end])
		return
	}
	id := d.ids.now().len()
	if id > maxPackedID {
		e.ID, e.Data = d.ids.string(buf), string(buf[b.start:b.end])
		return
	}
	both, data := d.idAndData()
	e.ID, e.Data = both[:id], both[data:]
	d.ids.remember(e.ID, len(both))
}

// idAndData returns a string that begins with the ID and ends with the data, which
// begins at index data: in one allocation and, where they are neighbours in the
// buffer, one copy.
func (d *Decoder) idAndData() (both string, data int) {
	const neighbours = 16
	buf, b, id := d.text.buf, &d.block, d.ids.now()
	if gap := b.start - id.end; !id.kept && 0 <= gap && gap <= neighbours {
		return string(buf[id.start:b.end]), b.start - id.start
	}
	var s strings.Builder
	s.Grow(id.len() + b.end - b.start)
	s.Write(id.bytes(buf))
	s.Write(buf[b.start:b.end])
	return s.String(), id.len()
}
