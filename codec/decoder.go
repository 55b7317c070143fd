package codec

import (
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// A Decoder reads a stream of Server-Sent Events by the rules of WHATWG HTML §9.2.5 and
// §9.2.6. How the reader divides the bytes makes no difference.
//
// There are three ways to read, and they may be mixed: [Decoder.Next] returns events that
// own their strings, [Decoder.Events] gives the same to a range loop, and [Decoder.Scan]
// with [Decoder.View] lends bytes without copying.
//
// The decoder delivers an event as soon as it has read the last byte of the blank line
// after it, even if that byte is a CR that an LF may follow. It never reads while it holds
// a complete event. One goroutine at a time may use it.
type Decoder struct {
	limit       int
	comments    bool // deliver them
	retryEvents bool

	wanted       []string // types of the messages to deliver, nil for all
	wantsDefault bool     // wanted has DefaultType

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

// A DecoderOption changes what a [Decoder] does.
type DecoderOption func(*Decoder)

// WithLastEventID sets the last event ID that the stream begins with, by default "". A
// client that reconnects passes the one that it has. See [Decoder.LastEventID].
func WithLastEventID(id string) DecoderOption {
	return func(d *Decoder) { d.block.id.reset(id) }
}

// WithComments sets whether comments are delivered, each as an event of [KindComment] at
// the end of its line, and so before the message whose block it may be part of. By default
// they are skipped. Servers send comments as heartbeats.
func WithComments(deliver bool) DecoderOption {
	return func(d *Decoder) { d.comments = deliver }
}

// WithRetryEvents sets whether blocks that set the reconnection time and hold no message
// are delivered, each as an event of [KindRetry] with the last event ID. By default they
// only show in [Decoder.Retry].
func WithRetryEvents(deliver bool) DecoderOption {
	return func(d *Decoder) { d.retryEvents = deliver }
}

// WithEventTypes makes the decoder deliver messages of these types only. It skips others
// without allocating for them, but they still change [Decoder.LastEventID] and
// [Decoder.Retry]. A message for which the stream names no type has the type "message".
// Comments and retry events are delivered or not as their options say. Without types, all
// messages are delivered: the default.
func WithEventTypes(types ...string) DecoderOption {
	types = slices.Clone(types)
	return func(d *Decoder) {
		d.wanted, d.wantsDefault = types, slices.Contains(types, DefaultType)
	}
}

// NewDecoder returns a Decoder that reads from r. Reading begins with the first
// call of Next or Scan, or the first range over Events. It buffers what it reads, so nothing
// else should read from r. Without options it delivers messages of up to 16 MiB.
func NewDecoder(r io.Reader, opts ...DecoderOption) *Decoder {
	d := &Decoder{limit: defaultMaxEventSize, buffer: buffer{r: r}}
	copy(d.defaultType[:], DefaultType)
	for _, opt := range opts {
		opt(d)
	}
	return d
}

// Next returns the next event. It allocates once for an event's data and ID together, up
// to 4 KiB: an ID that the program keeps keeps no larger data alive. Types that the stream
// has used before are not allocated again. Events that share a long ID share its memory.
//
// At the end of the stream the error is [io.EOF] itself. An event without a blank line
// after it is discarded, as the standard demands; see [Decoder.Unterminated]. For an event
// that is too large the error is a [SizeError]. Next returns an error of the reader
// unchanged, after all events read before it. After an error, Next returns the same error
// again.
func (d *Decoder) Next() (e Event, err error) {
	if !d.Scan() {
		return e, d.err
	}
	d.toEvent(&e)
	return e, nil
}

// Events returns the remaining events as a sequence. The sequence ends after the last event
// if the stream ends; any other error of [Decoder.Next] is its last pair. Breaking off
// loses nothing: the next call of Next, Scan or Events returns the next event.
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

// Scan reads up to the next event, which [Decoder.View] then returns. It returns false
// when there are no more; [Decoder.Err] returns the reason. It allocates nothing but the
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

// View returns the event that [Decoder.Scan] has stopped at. Its bytes are lent: they are
// valid until the next call of Scan, Next or Events, and must not be modified.
func (d *Decoder) View() (v View) {
	buf, b := d.buffer.bytes, &d.block
	switch d.at {
	case fieldData:
		v.Type = d.defaultType[:]
		if b.typ.len() > 0 {
			v.Type = b.typ.bytes(buf)
		}
		v.Data = buf[b.start:b.end:b.end]
		v.ID = d.block.id.now().bytes(buf)
		v.Retry = b.retry
	case fieldRetry:
		v.ID = d.block.id.now().bytes(buf)
		v.Retry = b.retry
	case fieldComment:
		v.Comment = d.comment.bytes(buf)
	default:
	}
	return v
}

// Err returns the error that ended the stream, as [Decoder.Next] describes it. It returns
// nil before the end of the stream, and if the stream ended with [io.EOF].
func (d *Decoder) Err() error {
	if d.err == io.EOF { //nolint:errorlint // an EOF that the reader has wrapped is one of its errors
		return nil
	}
	return d.err
}

// LastEventID returns the last event ID: the value for the Last-Event-ID header of the next
// connection, or "" if there is none to send. A block sets it when its blank line is read,
// whether or not the block holds a message.
func (d *Decoder) LastEventID() string {
	return d.block.id.string(d.buffer.bytes)
}

// Retry returns the reconnection time that the stream has set last, and whether it has set
// one. A retry line takes effect at its end, even if its block never ends. A number too
// large for a [time.Duration] counts as the largest one.
func (d *Decoder) Retry() (time.Duration, bool) {
	return d.retry, d.hasRetry
}

// A View is an event whose bytes belong to the [Decoder]. [Decoder.View] says how long they
// are valid. The fields mean the same as those of [Event].
type View struct {
	Type  []byte
	Data  []byte
	ID    []byte
	Retry time.Duration
	// Comment is nil unless the event is a comment; an empty comment is not nil.
	Comment []byte
}

// toEvent sets e, which is a zero Event, to what [Decoder.View] returns, in strings of its
// own.
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
	if id, ok := d.block.id.known(); ok {
		e.ID, e.Data = id, string(buf[b.start:b.end])
		return
	}
	id := d.block.id.now().len()
	if id > maxPackedID || id+b.end-b.start > maxShared {
		e.ID, e.Data = d.block.id.string(buf), string(buf[b.start:b.end])
		return
	}
	e.ID, e.Data = d.idAndData()
	d.block.id.remember(e.ID)
}

// idAndData returns the ID and the data, which share one allocation. If one follows the
// other in the buffer, it copies them in one piece, with what is between them.
func (d *Decoder) idAndData() (id, data string) {
	const neighbours = 16
	buf, b, i := d.buffer.bytes, &d.block, d.block.id.now()
	if !i.kept {
		if gap := b.start - i.end; 0 <= gap && gap <= neighbours {
			both := string(buf[i.start:b.end])
			return both[:i.len()], both[b.start-i.start:]
		}
		if gap := i.start - b.end; 0 <= gap && gap <= neighbours {
			both := string(buf[b.start:i.end])
			return both[i.start-b.start:], both[:b.end-b.start]
		}
	}
	var s strings.Builder
	s.Grow(i.len() + b.end - b.start)
	s.Write(i.bytes(buf))
	s.Write(buf[b.start:b.end])
	return s.String()[:i.len()], s.String()[i.len():]
}
