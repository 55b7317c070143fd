package sink

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/durable"
)

// ErrForeignFile means that a file does not end the way a [File] of that kind would end it.
// The file is not changed.
var ErrForeignFile = errors.New("the file holds something else; it is not changed; choose another path")

// A record is the form of an item in a file.
type record[T any] struct {
	format func(dst []byte, v T) ([]byte, error)
	end    string // the end of each record, which occurs nowhere else in it

	// These look at a text between two ends, or after the last one, and report whether it
	// is
	whole    func(io.Reader) bool // a record without its end
	complete func(io.Reader) bool // a record that certainly lacks nothing but its end
	torn     func(io.Reader) bool // the beginning of a record
}

func jsonRecord[T any](format func(dst []byte, v T) ([]byte, error)) record[T] {
	return record[T]{
		format: format, end: "\n",
		whole:    func(r io.Reader) bool { return readJSON(r) == wholeJSON },
		complete: isCompleteJSON,
		torn:     func(r io.Reader) bool { return readJSON(r) != notJSON },
	}
}

func eventRecord() record[codec.Event] {
	return record[codec.Event]{
		format: codec.AppendEvent, end: "\n\n",
		whole:    func(r io.Reader) bool { return areFields(r, false) },
		complete: func(io.Reader) bool { return false }, // another line may be missing
		torn:     func(r io.Reader) bool { return areFields(r, true) },
	}
}

// recover removes what a crash or a power failure has left after the last complete
// record: a torn record, and blocks of NUL bytes that were never written. It looks at
// the end of the file only, and changes nothing unless it finds a record there.
func (f *File[T]) recover() error {
	size, err := f.sizeWithoutNULs()
	if err != nil {
		return err
	}
	damaged := false
	for size > 0 {
		body, terminated, err := f.withoutEnd(size)
		if err != nil {
			return err
		}
		start, err := f.lastEnd(body)
		if err != nil {
			return err
		}
		is := func(form func(io.Reader) bool) bool { return form(io.NewSectionReader(f.file, start, body-start)) }
		switch {
		case terminated && is(f.record.whole):
			return f.cut(size)
		case !terminated && is(f.record.complete):
			return f.terminate(size)
		case !terminated && is(f.record.torn):
		case is(isDamaged):
			damaged = true
		default:
			return ErrForeignFile
		}
		size = start
	}
	if damaged {
		return ErrForeignFile // it contains no record
	}
	return f.cut(0)
}

// cut truncates the file to size.
func (f *File[T]) cut(size int64) error {
	if size == f.size {
		return nil
	}
	if err := durable.Truncate(f.file, size); err != nil {
		return err
	}
	f.size = size
	return f.file.Sync()
}

// terminate adds the missing end of the record before size.
func (f *File[T]) terminate(size int64) error {
	if err := f.cut(size); err != nil {
		return err
	}
	if _, err := f.file.WriteString(f.record.end); err != nil {
		return errors.Join(err, durable.Truncate(f.file, size))
	}
	f.size += int64(len(f.record.end))
	return f.file.Sync()
}

// blockSize is the size of the blocks in which a file is read backwards.
const blockSize = 64 << 10

// sizeWithoutNULs returns the size of the file without the NUL bytes at its end.
func (f *File[T]) sizeWithoutNULs() (int64, error) {
	buf := make([]byte, blockSize)
	for to := f.size; to > 0; {
		from := max(0, to-blockSize)
		part := buf[:to-from]
		if _, err := f.file.ReadAt(part, from); err != nil {
			return 0, err
		}
		if rest := bytes.TrimRight(part, "\x00"); len(rest) > 0 {
			return from + int64(len(rest)), nil
		}
		to = from
	}
	return 0, nil
}

// withoutEnd reports whether a record ends at size, and returns the size without that
// end.
func (f *File[T]) withoutEnd(size int64) (body int64, terminated bool, err error) {
	end := make([]byte, len(f.record.end))
	body = size - int64(len(end))
	if body < 0 {
		return size, false, nil
	}
	if _, err := f.file.ReadAt(end, body); err != nil {
		return 0, false, err
	}
	if string(end) == f.record.end {
		return body, true, nil
	}
	return size, false, nil
}

// lastEnd returns the position after the last end of a record before size, 0 if there is
// none.
func (f *File[T]) lastEnd(size int64) (int64, error) {
	end := []byte(f.record.end)
	buf := make([]byte, blockSize)
	for to := size; to > 0; {
		from := max(0, to-blockSize)
		part := buf[:to-from]
		if _, err := f.file.ReadAt(part, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndex(part, end); i >= 0 {
			return from + int64(i+len(end)), nil
		}
		if from == 0 {
			break
		}
		to = from + int64(len(end)) - 1 // the end may be in two blocks
	}
	return 0, nil
}

// isDamaged reports whether r is text with blocks of NUL bytes in it: a record that lost
// blocks in a power failure. Other control characters mean that it is not text.
func isDamaged(r io.Reader) bool {
	text := bufio.NewReader(r)
	nul := false
	for {
		c, err := text.ReadByte()
		switch {
		case err != nil:
			return nul && errors.Is(err, io.EOF)
		case c == 0:
			nul = true
		case c < ' ' && c != '\n' && c != '\t':
			return false
		}
	}
}

type jsonText int

const (
	notJSON jsonText = iota
	tornJSON
	wholeJSON // one value, perhaps with white space around it
)

func readJSON(r io.Reader) jsonText {
	text, _ := readValue(r)
	return text
}

// isCompleteJSON reports whether r is a value that cannot continue: any but a number.
func isCompleteJSON(r io.Reader) bool {
	text, kind := readValue(r)
	return text == wholeJSON && kind != '0'
}

// readValue classifies r and returns the kind of its value.
func readValue(r io.Reader) (jsonText, jsontext.Kind) {
	// As permissive as the options of the encoder can be.
	d := jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	kind := d.PeekKind()
	if err := d.SkipValue(); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return tornJSON, kind
		}
		return notJSON, kind
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return notJSON, kind
	}
	return wholeJSON, kind
}

// areFields reports whether r consists of one or more lines, all of them fields of an
// event; with torn, the last one may be incomplete.
func areFields(r io.Reader, torn bool) bool {
	text := bufio.NewReader(r)
	for lines := 0; ; lines++ {
		line, err := text.ReadSlice('\n')
		if len(line) == 0 {
			return lines > 0
		}
		if !isField(line, torn && errors.Is(err, io.EOF)) {
			return false
		}
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a long line
			line, err = text.ReadSlice('\n')
			if bytes.IndexByte(line, '\r') >= 0 {
				return false
			}
		}
	}
}

// isField reports whether a line is a field, or, if it is torn, the beginning of one.
func isField(line []byte, torn bool) bool {
	if bytes.IndexByte(line, '\r') >= 0 {
		return false
	}
	name, _, whole := strings.Cut(string(line), ":")
	for _, field := range []string{"", "event", "id", "data", "retry"} {
		if whole && name == field || !whole && torn && strings.HasPrefix(field, name) {
			return true
		}
	}
	return false
}
