package sink

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/jsonline"
)

// A File appends items to a file so that they outlast the program and a loss of
// power: an item is on the disk once the call that wrote it has returned nil, as
// far as the options do not say otherwise. [OpenNDJSON] and [OpenEvents] open one.
// Its methods may be called by several goroutines. One program at a time may have a
// file open.
type File[T any] struct {
	fileOptions

	path   string
	record record[T]

	mu       sync.Mutex
	file     *os.File
	size     int64
	period   time.Time   // of [WithRotateEvery], to which the items in the file belong
	unsynced int         // items written since the last sync
	due      *time.Timer // of [WithSyncInterval]
	buf      []byte
	failed   error // what makes the file unusable
	closed   bool

	compressing  sync.WaitGroup
	uncompressed []string // rotated files; guarded by mu, as are those below
	compressor   bool     // whether there is one at work
	compressed   error    // of those that are done
}

// A FileError says what went wrong with which file. What it means for the items is
// said by the method that returns it.
type FileError struct {
	Op   string // such as "write", "sync" or "rotate"
	Path string
	Err  error
}

// Error names the operation, the file and the reason.
func (e *FileError) Error() string {
	reason := e.Err
	if system, ok := reason.(*fs.PathError); ok && system.Path == e.Path { //nolint:errorlint // wrapped, it is only a part of the reason
		reason = system.Err // whose path has been named
	}
	return fmt.Sprintf("sink: %s %s: %v", e.Op, e.Path, reason)
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// ErrClosed means that a [File] was used after Close.
var ErrClosed = errors.New("the file is closed")

// OpenNDJSON opens the file at path to append items to it, each a line of JSON; it
// is made, with mode 0600, if it is not there.
//
// A last line that was not written to its end, since the program or the machine
// stopped in its midst, is removed: nobody was told that it had been written. A
// file that holds anything else than lines of JSON is left alone, with an error
// that wraps [ErrForeignFile].
func OpenNDJSON[T any](path string, opts ...FileOption) (*File[T], error) {
	return open(path, record[T]{format: jsonline.Format[T](), end: "\n", whole: isJSONLine, torn: isTornJSON}, opts)
}

// OpenEvents is [OpenNDJSON] for events in the wire form of Server-Sent Events, as
// [codec.AppendEvent] writes them and a [codec.Decoder] reads them again.
func OpenEvents(path string, opts ...FileOption) (*File[codec.Event], error) {
	return open(path, record[codec.Event]{format: codec.AppendEvent, end: "\n\n", whole: isEvent, torn: isTornEvent}, opts)
}

func open[T any](path string, r record[T], opts []FileOption) (*File[T], error) {
	f := &File[T]{path: path, record: r, fileOptions: fileOptions{syncEvery: 1}}
	if absolute, err := filepath.Abs(path); err == nil { // the program may go elsewhere
		f.path = absolute
	}
	for _, opt := range opts {
		opt(&f.fileOptions)
	}
	if err := f.openFile(os.O_CREATE); err != nil {
		return nil, f.error("open", err)
	}
	if err := f.recover(); err != nil {
		return nil, f.error("open", errors.Join(err, f.file.Close()))
	}
	if f.gzip {
		if err := f.compressLeftovers(); err != nil {
			return nil, f.error("open", errors.Join(err, f.file.Close()))
		}
	}
	return f, nil
}

// openFile opens the file at the path and notes what it holds.
func (f *File[T]) openFile(flag int) error {
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|flag, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		err = syncFolder(filepath.Dir(f.path)) // the file's name may be new
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size = file, info.Size()
	f.period = f.periodOf(info.ModTime())
	return nil
}

// Write appends one item, see [File.Append]. It is made for [ForEach].
func (f *File[T]) Write(v T) error {
	return f.Append([]T{v})
}

// Append appends items, and returns nil once they are written and, unless the
// options say otherwise, on the disk. It is made for [ForEachBatch] and [Commit].
//
// If an item cannot be encoded Append returns an error, and the items before it are
// in the file. If the file cannot be written, it returns an error, and what that write
// has left is taken back: none of items is in the file, but for those that went into
// a file that was rotated meanwhile. In both cases another Append may be tried, say
// when there is room on the disk again. If the
// file cannot be synced nobody knows what is on the disk of what was written since
// the last time, and the File is of no more use: this and every later call return
// that error.
func (f *File[T]) Append(items []T) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(); err != nil {
		return err
	}
	if !f.period.Equal(f.periodOf(time.Now())) && f.size > 0 {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	return joined(f.write(items), f.syncIfDue())
}

// joined is [errors.Join] that leaves an error alone as it is.
func joined(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil || errors.Is(a, b):
		return a
	}
	return errors.Join(a, b)
}

// usable returns the reason why the file cannot be used.
func (f *File[T]) usable() error {
	if f.closed {
		return f.error("write", ErrClosed)
	}
	return f.failed
}

// write writes items with as few calls as there are files to write to.
func (f *File[T]) write(items []T) error {
	buf := f.buf[:0]
	waiting := 0 // items in buf
	for _, v := range items {
		before := len(buf)
		formatted, err := f.record.format(buf, v)
		if err != nil {
			return joined(f.flush(buf[:before], waiting), f.error("encode an item for", err))
		}
		buf = formatted
		if f.maxSize > 0 && f.size+int64(len(buf)) > f.maxSize && f.size+int64(before) > 0 {
			if err := f.flush(buf[:before], waiting); err != nil {
				return err
			}
			if err := f.rotate(); err != nil {
				return err
			}
			buf = buf[:copy(buf, buf[before:])]
			waiting = 0
		}
		waiting++
	}
	err := f.flush(buf, waiting)
	f.buf = reusable(buf)
	return err
}

// flush writes buf, which holds so many items, or nothing of it.
func (f *File[T]) flush(buf []byte, items int) error {
	if len(buf) == 0 {
		return nil
	}
	if f.size == 0 {
		f.period = f.periodOf(time.Now())
	}
	if _, err := f.file.Write(buf); err != nil {
		return f.takeBack(err)
	}
	f.size += int64(len(buf))
	f.unsynced += items
	return nil
}

// takeBack removes what was written before err, and returns that.
func (f *File[T]) takeBack(err error) error {
	if undo := f.file.Truncate(f.size); undo != nil {
		f.failed = f.error("write", errors.Join(err, fmt.Errorf("the part that was written cannot be removed: %w", undo)))
		return f.failed
	}
	return f.error("write", err)
}

// syncIfDue syncs, now or later, as the options say.
func (f *File[T]) syncIfDue() error {
	if f.failed == nil && f.unsynced > 0 {
		if f.syncEvery > 0 && f.unsynced >= f.syncEvery {
			return f.sync()
		}
		if f.syncInterval > 0 && f.due == nil {
			f.due = time.AfterFunc(f.syncInterval, f.syncLater)
		}
	}
	return nil
}

// syncLater runs when the interval since the first item that is not synced is over.
// The next call is told if it fails.
func (f *File[T]) syncLater() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due = nil
	if !f.closed && f.failed == nil {
		_ = f.sync() // remembered as failed
	}
}

// Sync returns nil once everything that was written is on the disk. Its error is
// final, as that of [File.Append] is.
func (f *File[T]) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(); err != nil {
		return err
	}
	return f.sync()
}

func (f *File[T]) sync() error {
	if f.unsynced == 0 {
		return nil
	}
	if err := f.file.Sync(); err != nil {
		f.failed = f.error("sync", err)
		return f.failed
	}
	f.unsynced = 0
	if f.due != nil {
		f.due.Stop()
		f.due = nil
	}
	return nil
}

// Consume subscribes to src and appends its items, as many at once as have come. It
// is a [Sink], for [Tee]. It returns nil when src completes and all is on the disk;
// when src fails or ctx is cancelled, that error, and an error of [File.Append] as
// it is. It does not close the file.
func (f *File[T]) Consume(ctx context.Context, src rxsse.Observable[T]) error {
	if err := ForEachBatch(ctx, src, f.Append); err != nil {
		return joined(err, f.Sync())
	}
	return f.Sync()
}

// Close syncs and closes the file, and waits until rotated files are compressed; an
// error of that is returned too. To close it again does nothing.
func (f *File[T]) Close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil
	}
	f.closed = true
	err := f.failed // again, if it was told: it may have come from a sync that nobody waited for
	if err == nil {
		err = f.sync()
	}
	if f.due != nil {
		f.due.Stop()
	}
	if closing := f.file.Close(); closing != nil && err == nil {
		err = f.error("close", closing)
	}
	f.mu.Unlock()
	f.compressing.Wait()
	return joined(err, f.compressed)
}

func (f *File[T]) error(op string, err error) error {
	return &FileError{Op: op, Path: f.path, Err: err}
}
