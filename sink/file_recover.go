package sink

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrForeignFile means that a file was to be opened that holds something else than
// what a [File] of that kind writes. It is left as it is.
var ErrForeignFile = errors.New("the file holds something else: it is left alone; choose another one")

// A record is how an item stands in a file.
type record[T any] struct {
	format func(dst []byte, v T) ([]byte, error)
	end    string                 // what each record ends with, and has nowhere else
	whole  func(r io.Reader) bool // whether what is read, without the end, may be a record
	torn   func(r io.Reader) bool // whether what is read may be the beginning of one
}

// recover removes a record that was not written to its end. Of the others it looks
// at the last one, to tell whether the file is one of ours.
func (f *File[T]) recover() error {
	end, err := f.lastEnd(f.size)
	if err != nil {
		return err
	}
	if end > 0 {
		before, err := f.lastEnd(end - int64(len(f.record.end)))
		if err != nil {
			return err
		}
		if !f.record.whole(io.NewSectionReader(f.file, before, end-int64(len(f.record.end))-before)) {
			return ErrForeignFile
		}
	}
	if end == f.size {
		return nil
	}
	if end == 0 && !f.record.torn(io.NewSectionReader(f.file, 0, f.size)) {
		return ErrForeignFile
	}
	if err := f.file.Truncate(end); err != nil {
		return err
	}
	f.size = end
	return f.file.Sync()
}

// lastEnd returns where the last record that ends before size does, 0 if none does.
func (f *File[T]) lastEnd(size int64) (int64, error) {
	const block = 64 << 10
	mark := []byte(f.record.end)
	buf := make([]byte, block)
	for to := size; to > 0; {
		from := max(0, to-block)
		part := buf[:to-from]
		if _, err := f.file.ReadAt(part, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndex(part, mark); i >= 0 {
			return from + int64(i+len(mark)), nil
		}
		if from == 0 {
			break
		}
		to = from + int64(len(mark)) - 1 // the mark may be across two blocks
	}
	return 0, nil
}

func isJSONLine(line io.Reader) bool {
	d := jsontext.NewDecoder(line, jsontext.AllowDuplicateNames(true))
	return d.SkipValue() == nil && atEnd(d)
}

// isTornJSON reports whether r is a JSON value, or the beginning of one.
func isTornJSON(r io.Reader) bool {
	d := jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true))
	err := d.SkipValue()
	return errors.Is(err, io.ErrUnexpectedEOF) || err == nil && atEnd(d)
}

// atEnd reports whether nothing but white space follows a value.
func atEnd(d *jsontext.Decoder) bool {
	_, err := d.ReadToken()
	return errors.Is(err, io.EOF)
}

// isEvent reports whether all lines of an event are fields as they are written.
func isEvent(event io.Reader) bool { return areFields(event, false) }

// isTornEvent reports whether r begins as an event does: all of its lines are fields,
// and the last one may be the beginning of one.
func isTornEvent(r io.Reader) bool { return areFields(r, true) }

// areFields reports whether r has lines, and all are fields of an event; torn says that
// the last one may lack its end.
func areFields(r io.Reader, torn bool) bool {
	text := bufio.NewReader(r)
	for lines := 0; ; lines++ {
		line, err := text.ReadSlice('\n')
		if len(line) == 0 {
			return lines > 0
		}
		if !isField(line, torn && err == io.EOF) {
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
