package source

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/argument"
)

// WithErrorTail makes the errors of the stream carry the last lines received, up to one KiB
// of each, and the last events delivered, in Error.TailLines and Error.TailEvents. Use it
// to find out why a server ends the connection. By default errors carry neither, because
// payloads may be secret; the error's message never shows them. It panics if a number is
// negative; 0 means none.
func WithErrorTail(lines, events int) Option {
	argument.MustNotBeNegative("source: WithErrorTail: lines", lines)
	argument.MustNotBeNegative("source: WithErrorTail: events", events)
	return func(c *config) { c.tailLines, c.tailEvents = lines, events }
}

// maxTailLine is how many bytes of each line are kept.
const maxTailLine = 1 << 10

// diagnostics keep the last lines that a stream received and the last events that it
// delivered, across its connections, to add them to its errors.
type diagnostics struct {
	maxLines, maxEvents int
	lines               []string // complete ones, oldest first
	line                []byte   // the unfinished one
	begun               bool     // line has begun, even if it is still empty
	afterCR             bool     // the last byte was a CR: an LF next belongs to the same line end
	events              []codec.Event
}

func newDiagnostics(lines, events int) *diagnostics {
	return &diagnostics{maxLines: lines, maxEvents: events}
}

// tail returns the lines, an unfinished one included, and the events.
func (d *diagnostics) tail() ([]string, []codec.Event) {
	lines := d.lines
	if d.begun {
		lines = append(lines[:len(lines):len(lines)], lineText(d.line))
		lines = lines[max(0, len(lines)-d.maxLines):]
	}
	return slices.Clone(lines), slices.Clone(d.events)
}

// delivered keeps an event.
func (d *diagnostics) delivered(e codec.Event) { d.events = push(d.events, e, d.maxEvents) }

// observe ends the last line of a connection when the next one opens.
func (d *diagnostics) observe(c change) {
	if c.kind == connected {
		d.endLine()
		d.afterCR = false
	}
}

// reader returns a reader that keeps the lines read from r.
func (d *diagnostics) reader(r io.Reader) io.Reader {
	if d.maxLines == 0 {
		return r
	}
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		d.take(p[:n])
		return n, err
	})
}

func (d *diagnostics) take(p []byte) {
	if d.afterCR && len(p) > 0 {
		d.afterCR = false
		p = bytes.TrimPrefix(p, []byte("\n"))
	}
	for len(p) > 0 {
		i := bytes.IndexAny(p, "\r\n")
		if i < 0 {
			d.keep(p)
			return
		}
		d.keep(p[:i])
		d.begun = true
		d.endLine()
		if d.afterCR = p[i] == '\r' && i+1 == len(p); !d.afterCR && p[i] == '\r' && p[i+1] == '\n' {
			i++
		}
		p = p[i+1:]
	}
}

func (d *diagnostics) keep(p []byte) {
	d.begun = true
	d.line = append(d.line, p[:min(len(p), maxTailLine-len(d.line))]...)
}

func (d *diagnostics) endLine() {
	if d.begun {
		d.lines = push(d.lines, lineText(d.line), d.maxLines)
	}
	d.line, d.begun = d.line[:0], false
}

func lineText(line []byte) string { return strings.ToValidUTF8(string(line), "\uFFFD") }

// push appends an item to a list and keeps only the newest most items.
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

// A readerFunc is a function that implements [io.Reader].
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
