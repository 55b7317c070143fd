package sink

import (
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
	whole  func(r []byte) bool    // whether r, without the end, may be a record
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
		last := make([]byte, end-int64(len(f.record.end))-before)
		if _, err := f.file.ReadAt(last, before); err != nil {
			return err
		}
		if !f.record.whole(last) {
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

func isJSONLine(line []byte) bool { return jsontext.Value(line).IsValid() }

// isTornJSON reports whether r is a JSON value, or the beginning of one, or of one
// whose rest the disk has lost.
func isTornJSON(r io.Reader) bool {
	_, err := jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true)).ReadValue()
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF)
}

// isEvent reports whether all lines of an event are fields.
func isEvent(event []byte) bool {
	for line := range bytes.Lines(event) {
		name, _, isField := strings.Cut(string(line), ":")
		if !isField || !isFieldName(name) {
			return false
		}
	}
	return len(event) > 0
}

func isFieldName(name string) bool {
	switch name {
	case "", "event", "id", "data", "retry":
		return true
	}
	return false
}

// isTornEvent reports whether r begins as an event does.
func isTornEvent(r io.Reader) bool {
	head := make([]byte, len("event:"))
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	name, _, isField := strings.Cut(string(head[:n]), ":")
	if isField {
		return isFieldName(name)
	}
	for _, field := range []string{"event", "id", "data", "retry"} {
		if strings.HasPrefix(field, name) {
			return true
		}
	}
	return false
}
