package codec

import (
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// A Decoder reads a stream of Server-Sent Events by the rules of WHATWG HTML §9.2.5 and
// §9.2.6. How the reader splits the bytes does not matter.
//
// There are three ways to read, which can be mixed: [Decoder.Next] returns an event that
// owns its strings, a range over [Decoder.Events] yields the same events, and
// [Decoder.Scan] with [Decoder.View] lends bytes without copying.
//
// The decoder delivers an event as soon as it has read the last byte of the blank line
// after it, even if that byte is a CR that an LF may follow. It never reads while it holds
// a complete event. A Decoder is not safe for concurrent use.
type Decoder struct {
	limit       int
	comments    bool // deliver them
	retryEvents bool

	wanted []string // types of the messages to deliver, nil for all

	buffer buffer
	block  block
	types  typeTable

	at      field // what the decoder has stopped at: data (a message), comment or retry
	comment span

	defaultType [len(DefaultType)]byte // for views

	nearLimit bool // what is in the buffer may exceed the limit

	retry    time.Duration
	hasRetry bool

	err error // why the stream ended, io.EOF included

	rest             Event // see Unterminated
	hasRest, flushed bool
}

// A DecoderOption configures a [Decoder].
type DecoderOption func(*Decoder)

// WithLastEventID sets the last event ID at the beginning of the stream. After a
// reconnection, pass the [Decoder.LastEventID] of the previous connection. The default is
// "".
func WithLastEventID(id string) DecoderOption {
	return func(d *Decoder) { d.block.id.reset(id) }
}

// WithComments sets whether comments, which servers send as heartbeats, are delivered, each
// as an event of [KindComment]. A comment is delivered at the end of its line, so a comment
// inside the block of a message comes before the message. By default comments are skipped.
func WithComments(deliver bool) DecoderOption {
	return func(d *Decoder) { d.comments = deliver }
}

// WithRetryEvents sets whether blocks that set the reconnection time and hold no message
// are delivered, each as an event of [KindRetry] with the last event ID. By default they
// are skipped, and only [Decoder.Retry] returns the time.
func WithRetryEvents(deliver bool) DecoderOption {
	return func(d *Decoder) { d.retryEvents = deliver }
}

// WithEventTypes makes the decoder deliver only messages of these types. A message without
// a type in the stream has the type "message"; no message has the type "". Other messages are
// skipped without an allocation; they still change [Decoder.LastEventID] and
// [Decoder.Retry]. The option does not affect comments and retry events. Without types, the
// default, all messages are delivered.
func WithEventTypes(types ...string) DecoderOption {
	types = slices.Clone(types)
	return func(d *Decoder) { d.wanted = types }
}

// NewDecoder returns a Decoder that reads from r. It does not read until the first call of
// Next or Scan, or the first range over Events. The decoder reads ahead into its buffer, so
// nothing else should read from r, and it never closes r. Without options it delivers
// messages of up to 16 MiB.
func NewDecoder(r io.Reader, opts ...DecoderOption) *Decoder {
	d := &Decoder{limit: defaultMaxEventSize, buffer: buffer{r: r}}
	copy(d.defaultType[:], DefaultType)
	for _, opt := range opts {
		opt(d)
	}
	return d
}

// Next returns the next event. An event's data and ID share one allocation if they are up
// to 4 KiB together, so a program that keeps only the ID keeps up to 4 KiB alive. Repeated
// types are not allocated again, and consecutive events with the same long ID share it.
//
// At the end of the stream the error is [io.EOF] itself. As the standard demands, Next
// discards an event that has no blank line after it; see [Decoder.Unterminated]. If an
// event is too large, the error is a [SizeError]. If the reader fails, Next first returns
// the events read so far, and then the reader's error unchanged. After an error, Next keeps
// returning the same error.
func (d *Decoder) Next() (e Event, err error) {
	if !d.Scan() {
		return e, d.err
	}
	d.toEvent(&e)
	return e, nil
}

// Events returns the remaining events as a sequence, which ends with the stream. If
// [Decoder.Next] would return an error other than [io.EOF], the last pair holds that error.
// A break loses nothing: the next call of Next, Scan or Events continues with the next
// event.
func (d *Decoder) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for d.Scan() {
			var e Event
			d.toEvent(&e)
			if !yield(e, nil) {
				return
			}
		}
		if err := d.Err(); err != nil {
			yield(Event{}, err)
		}
	}
}

// Scan advances to the next event, which [Decoder.View] then returns. It returns false when
// there are no more events; [Decoder.Err] returns the reason. It allocates only the
// decoder's buffer.
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

// View returns the event that [Decoder.Scan] advanced to. Its bytes are lent: they are
// valid until the next call of Scan, Next or Events, and must not be modified.
func (d *Decoder) View() (v View) {
	buf, b := d.buffer.bytes, &d.block
	switch d.at {
	case fieldData:
		return View{Type: d.eventType(), Data: buf[b.start:b.end:b.end], ID: b.id.now().bytes(buf), Retry: b.retry}
	case fieldRetry:
		v.ID = b.id.now().bytes(buf)
		v.Retry = b.retry
	case fieldComment:
		v.Comment = d.comment.bytes(buf)
	default:
	}
	return v
}

// Err returns the error that ended the stream, as [Decoder.Next] describes it. It returns
// nil before the end of the stream, and after a stream that ended with [io.EOF].
func (d *Decoder) Err() error {
	if d.err == io.EOF { //nolint:errorlint // an EOF that the reader has wrapped is one of its errors
		return nil
	}
	return d.err
}

// LastEventID returns the last event ID: the value for the Last-Event-ID header of the next
// connection, or "" to send none. It changes when the blank line after a block with an id
// is read, whether or not the block holds a message.
func (d *Decoder) LastEventID() string {
	return d.block.id.string(d.buffer.bytes)
}

// Retry returns the reconnection time that the stream most recently set, and whether it has
// set one. A retry line takes effect at once, even if its block never ends. A number that
// is too large for a [time.Duration] becomes the largest whole number of milliseconds.
func (d *Decoder) Retry() (time.Duration, bool) {
	return d.retry, d.hasRetry
}

// A View is an event whose bytes belong to the [Decoder] and are valid until the next call
// of Scan, Next or Events. Its fields are those of [Event].
type View struct {
	Type  []byte
	Data  []byte
	ID    []byte
	Retry time.Duration
	// Comment is nil unless the event is a comment; an empty comment is not nil.
	Comment []byte
}

// toEvent sets e, which is a zero Event, to what [Decoder.View] returns, in its own
// strings.
func (d *Decoder) toEvent(e *Event) {
	buf, b := d.buffer.bytes, &d.block
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
	if id, ok := b.id.known(); ok {
		e.ID, e.Data = id, string(buf[b.start:b.end])
		return
	}
	size := b.id.now().len() + b.end - b.start
	if b.id.now().len() > maxPackedID || size > maxShared {
		e.ID, e.Data = b.id.string(buf), string(buf[b.start:b.end])
		return
	}
	e.ID, e.Data = d.idAndData(size)
	b.id.remember(e.ID)
}

// idAndData returns the ID and the data, together size bytes, in one allocation. If they
// are close together in the buffer, it copies them in one piece, with the bytes between
// them.
func (d *Decoder) idAndData(size int) (id, data string) {
	const neighbours = 16
	buf, b, i := d.buffer.bytes, &d.block, d.block.id.now()
	start, end := min(b.start, i.start), max(b.end, i.end)
	if !i.kept && end-start <= size+neighbours {
		both := string(buf[start:end])
		return both[i.start-start : i.end-start], both[b.start-start : b.end-start]
	}
	var s strings.Builder
	s.Grow(size)
	s.Write(i.bytes(buf))
	s.Write(buf[b.start:b.end])
	return s.String()[:i.len()], s.String()[i.len():]
}
