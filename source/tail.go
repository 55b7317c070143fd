package source

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/rxsse/rxsse/codec"
)

// WithTail has the errors of the stream show how it ended: the last lines received,
// as they came and up to a KiB of each, and the last events delivered, in the
// TailLines and TailEvents of [Error]. It is off by default, because payloads may be
// secret; their text is not part of an error's message. Ask for it to find out why
// a server breaks off. It panics if a number is negative; 0 is none.
func WithTail(lines, events int) Option {
	mustNotBeNegative("WithTail", min(lines, events))
	return func(c *config) { c.tailLines, c.tailEvents = lines, events }
}

// maxTailLine is how many bytes of a line a tail keeps.
const maxTailLine = 1 << 10

// A tail keeps the last lines a stream has received and the last events it has
// delivered, over all its connections, to go with its errors.
type tail struct {
	maxLines, maxEvents int
	lines               []string // complete ones, oldest first
	line                []byte   // the one that is coming
	begun               bool     // whether it has, also if nothing of it is kept
	afterCR             bool     // a line feed next belongs to the line end before it
	events              []codec.Event
}

func newTail(lines, events int) *tail { return &tail{maxLines: lines, maxEvents: events} }

// copy returns the lines, an unfinished one included, and the events.
func (t *tail) copy() ([]string, []codec.Event) {
	if t == nil {
		return nil, nil
	}
	lines := t.lines
	if t.begun && t.maxLines > 0 {
		lines = append(lines[:len(lines):len(lines)], text(t.line))
		lines = lines[max(0, len(lines)-t.maxLines):]
	}
	return slices.Clone(lines), slices.Clone(t.events)
}

// add takes an event that is delivered.
func (t *tail) add(e codec.Event) { t.events = push(t.events, e, t.maxEvents) }

// reader returns a reader whose bytes the tail takes the lines from, those of a
// connection that begins.
func (t *tail) reader(r io.Reader) io.Reader {
	if t.maxLines == 0 {
		return r
	}
	t.endLine()
	t.afterCR = false
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		t.take(p[:n])
		return n, err
	})
}

func (t *tail) take(p []byte) {
	if t.afterCR && len(p) > 0 {
		t.afterCR = false
		p = bytes.TrimPrefix(p, []byte("\n"))
	}
	for len(p) > 0 {
		i := bytes.IndexAny(p, "\r\n")
		if i < 0 {
			t.keep(p)
			return
		}
		t.keep(p[:i])
		t.begun = true
		t.endLine()
		if t.afterCR = p[i] == '\r' && i+1 == len(p); !t.afterCR && p[i] == '\r' && p[i+1] == '\n' {
			i++
		}
		p = p[i+1:]
	}
}

func (t *tail) keep(p []byte) {
	t.begun = true
	t.line = append(t.line, p[:min(len(p), maxTailLine-len(t.line))]...)
}

func (t *tail) endLine() {
	if t.begun {
		t.lines = push(t.lines, text(t.line), t.maxLines)
	}
	t.line, t.begun = t.line[:0], false
}

func text(line []byte) string { return strings.ToValidUTF8(string(line), "\uFFFD") }

// push appends an item to a list and drops the oldest ones beyond most.
func push[T any](list []T, item T, most int) []T {
	switch {
	case most == 0:
		return list
	case len(list) == most:
		copy(list, list[1:])
		list[most-1] = item
		return list
	}
	return append(list, item)
}

// A readerFunc is a reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
