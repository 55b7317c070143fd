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
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/durable"
	"github.com/rxsse/rxsse/internal/jsonline"
)

// A File appends items to a file so that they survive a crash of the program and a loss of
// power. [OpenNDJSON] and [OpenEvents] open one. It is safe for concurrent use.
//
// A file is locked while it is open: opening it again, in this program or another, returns
// [ErrLocked]. The lock is flock(2) on Linux, macOS and the BSDs, and LockFileEx on
// Windows; on other systems, and on network file systems without locks, nothing stops a
// second program. If the path is a symbolic link, the File works on the file that it leads
// to, and rotated files are in that file's folder.
type File[T any] struct {
	fileOptions

	path   string // absolute, and no link
	record record[T]

	mu       sync.Mutex
	file     *os.File
	size     int64     // of the complete records; the file is longer only while torn
	torn     bool      // a failed write left bytes that could not be removed yet
	period   time.Time // of [WithRotateEvery], to which the items in the file belong
	unsynced bool      // something was written since the last sync
	syncing  *time.Timer
	buf      []byte
	failed   error // why the File can no longer be used
	closed   bool

	newest time.Time // in the names of rotated files
	tidier tidier
}

// A FileError reports which operation failed on which file. The documentation of the method
// that returns it says what that means for the items.
type FileError struct {
	Op   string // such as "write", "sync" or "rotate"
	Path string
	Err  error
}

// Error names the operation, the file and the reason.
func (e *FileError) Error() string {
	reason := e.Err
	if system, ok := reason.(*fs.PathError); ok && system.Path == e.Path { //nolint:errorlint // a wrapped one is only part of the reason
		reason = system.Err // the path is there already
	}
	return fmt.Sprintf("sink: %s %s: %v", e.Op, e.Path, reason)
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// Reasons, other than errors of the operating system, why a [File] cannot be opened or
// used. A [FileError] wraps them.
var (
	// ErrClosed means that the File was used after Close.
	ErrClosed = errors.New("the file is closed")
	// ErrLocked means that another File has the file open, in this program or another.
	ErrLocked = durable.ErrLocked
	// ErrFileChanged means that something other than the File removed, renamed, replaced,
	// truncated or extended the file while it was open. The File can no longer be used;
	// open it again.
	ErrFileChanged = errors.New("another program has changed the file while it was open; open it again")
)

// OpenNDJSON opens the file at path to append items to it, one JSON value per line. It
// creates the file, with mode 0600, if it does not exist. The caller must close the File.
//
// A crash or a loss of power can leave a torn record, or NUL bytes, at the end of the file.
// OpenNDJSON removes them; the call that wrote the record never returned. If the last value
// is complete but has no line feed, OpenNDJSON adds one. A number without a line feed
// counts as torn, because its last digits may be missing.
//
// If the file ends in anything else, it is not changed, and the error wraps
// [ErrForeignFile].
func OpenNDJSON[T any](path string, opts ...FileOption) (*File[T], error) {
	o := newFileOptions(opts)
	return open(path, jsonRecord(jsonline.Format[T](o.json...)), o)
}

// OpenEvents is [OpenNDJSON] for events in the Server-Sent Events format. It writes them
// with [codec.AppendEvent], and a [codec.Decoder] reads them. An event at the end of the
// file without a blank line after it counts as torn, as it does for a decoder.
func OpenEvents(path string, opts ...FileOption) (*File[codec.Event], error) {
	return open(path, eventRecord(), newFileOptions(opts))
}

func open[T any](path string, r record[T], o fileOptions) (*File[T], error) {
	f := &File[T]{path: path, record: r, fileOptions: o}
	if absolute, err := filepath.Abs(path); err == nil { // the current folder may change
		f.path = absolute
	}
	if err := f.open(); err != nil {
		return nil, f.error("open", err)
	}
	if o.syncInterval > 0 {
		unsyncedFiles.add(f)
	}
	return f, nil
}

func (f *File[T]) open() error {
	path, err := durable.Target(f.path)
	if err != nil {
		return err
	}
	f.path = path
	file, err := durable.OpenLocked(f.path, os.O_CREATE)
	if err != nil {
		return err
	}
	f.file = file
	if err := f.prepare(); err != nil {
		return errors.Join(err, f.release())
	}
	return nil
}

// prepare makes a file that was just opened ready to be appended to.
func (f *File[T]) prepare() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	if err := durable.SyncFolder(filepath.Dir(f.path)); err != nil { // the name may be new
		return err
	}
	f.size = info.Size()
	f.period = f.periodOf(info.ModTime())
	if err := f.recover(); err != nil {
		return err
	}
	return f.prepareRotation()
}

// AppendOne appends one item, as [File.Append] does. It can be passed to [ForEach].
func (f *File[T]) AppendOne(v T) error {
	return f.Append([]T{v})
}

// Append writes items to the file and, with the default options, syncs it. When it returns
// nil, the items survive a crash of the program and a loss of power. It can be passed to
// [ForEachBatch] and [Commit].
//
// If an item cannot be encoded, Append writes the items before it and returns the error. If
// encoding panics, Append discards the items that it has not yet written.
//
// If a write fails, Append removes the partial write and returns the error: none of the
// items are in the file, except those that the call wrote to a file it has since rotated.
// If a rotation fails, the items after it are not written. In all these cases Append can be
// called again, for example once the disk has space.
//
// If a sync fails, the state of the disk is unknown. If another program has changed the
// file, items may be lost; Append checks for that whenever it syncs or rotates, see
// [ErrFileChanged]. In both cases this call and all later ones return the error.
//
// Append without items writes nothing and does not rotate.
func (f *File[T]) Append(items []T) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ready(); err != nil || len(items) == 0 {
		return err
	}
	if f.size > 0 && !f.period.Equal(f.periodOf(time.Now())) {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	err := f.write(items)
	if f.failed != nil {
		return err
	}
	return joined(err, f.syncIfDue())
}

// joined is [errors.Join] that returns a single error as it is.
func joined(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil || errors.Is(a, b):
		return a
	}
	return errors.Join(a, b)
}

// ready returns the reason why nothing can be written, or nil.
func (f *File[T]) ready() error {
	switch {
	case f.closed:
		return f.error("write", ErrClosed)
	case f.failed != nil:
		return f.failed
	case f.torn:
		return f.removeTorn()
	}
	return nil
}

// write writes items, with one system call for each file that they go to.
func (f *File[T]) write(items []T) error {
	buf := f.buf[:0]
	for _, v := range items {
		before := len(buf)
		formatted, err := f.record.format(buf, v)
		if err != nil {
			return joined(f.flush(buf[:before]), f.error("encode an item for", err))
		}
		buf = formatted
		if f.maxSize > 0 && f.size+int64(len(buf)) > f.maxSize && f.size+int64(before) > 0 {
			if err := f.flush(buf[:before]); err != nil {
				return err
			}
			if err := f.rotate(); err != nil {
				return err
			}
			buf = buf[:copy(buf, buf[before:])]
		}
	}
	err := f.flush(buf)
	f.buf = reusable(buf)
	return err
}

// flush writes all of buf or nothing.
func (f *File[T]) flush(buf []byte) error {
	if len(buf) == 0 {
		return nil
	}
	if f.size == 0 {
		f.period = f.periodOf(time.Now())
	}
	if _, err := f.disk.write(f.file, buf); err != nil {
		f.torn = true
		return joined(f.error("write", err), f.removeTorn())
	}
	f.size += int64(len(buf))
	f.unsynced = true
	return nil
}

// removeTorn removes what a failed write has left. If it fails, the next write tries again
// first.
func (f *File[T]) removeTorn() error {
	info, err := f.file.Stat()
	if err == nil && info.Size() < f.size {
		return f.fail("write", ErrFileChanged) // truncating would extend it
	}
	if err == nil {
		err = f.disk.truncate(f.file, f.size)
	}
	if err != nil {
		return f.error("write", fmt.Errorf("a partial write cannot be removed yet: %w", err))
	}
	f.torn = false
	return nil
}

// fail makes the File unusable.
func (f *File[T]) fail(op string, err error) error {
	f.failed = f.error(op, err)
	return f.failed
}

// syncIfDue syncs or, with a sync interval, starts the timer that will.
func (f *File[T]) syncIfDue() error {
	if f.syncInterval == 0 {
		return f.sync()
	}
	if f.unsynced && f.syncing == nil {
		f.syncing = time.AfterFunc(f.syncInterval, f.syncLater)
	}
	return nil
}

// syncLater syncs when the interval has passed. If it fails, the next call returns the
// error.
func (f *File[T]) syncLater() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed && f.failed == nil {
		_ = f.sync() // kept in failed
	}
}

// Sync returns nil once all appended items are on the disk. An error of the sync itself is
// final, as for [File.Append].
func (f *File[T]) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ready(); err != nil {
		return err
	}
	return f.sync()
}

func (f *File[T]) sync() error {
	if !f.unsynced {
		return nil
	}
	if err := f.disk.sync(f.file); err != nil {
		return f.fail("sync", err)
	}
	if err := f.checkUnchanged(); err != nil {
		return err
	}
	f.unsynced = false
	if f.syncing != nil {
		f.syncing.Stop()
		f.syncing = nil
	}
	return nil
}

// checkUnchanged returns an error if another program has changed the file.
func (f *File[T]) checkUnchanged() error {
	inPlace, err := durable.InPlace(f.file, f.path)
	if err != nil {
		return f.fail("check", err)
	}
	info, err := f.file.Stat()
	if err != nil {
		return f.fail("check", err)
	}
	if !inPlace || info.Size() < f.size || info.Size() > f.size && !f.torn {
		return f.fail("write", ErrFileChanged)
	}
	return nil
}

// Consume subscribes to src and appends its items, in batches as [ForEachBatch] does. The
// method value is a [Sink], for [Tee].
//
// When src completes, Consume syncs the file and returns nil. When src fails or ctx is
// cancelled, it syncs the file and returns the error or the cause. It returns an error of
// [File.Append] unchanged. It does not close the file.
func (f *File[T]) Consume(ctx context.Context, src rxsse.Observable[T]) error {
	argument.MustNotBeNil("sink: File.Consume: src", src == nil)
	if err := ForEachBatch(ctx, src, f.Append); err != nil {
		return joined(err, f.Sync())
	}
	return f.Sync()
}

// Close syncs and closes the file, and waits until rotated files are compressed and old
// ones removed. It returns the errors of all that, and the error that made the File
// unusable, if any. A second Close does nothing and returns nil.
func (f *File[T]) Close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil
	}
	f.closed = true
	err := f.failed // a sync on the timer may have failed since the last call
	if err == nil && f.torn {
		err = f.removeTorn()
	}
	if f.failed == nil {
		err = joined(err, f.sync())
	}
	if f.syncing != nil {
		f.syncing.Stop()
	}
	unsyncedFiles.remove(f)
	if closing := f.release(); closing != nil {
		err = joined(err, f.error("close", closing))
	}
	f.mu.Unlock()
	return joined(err, f.tidier.wait())
}

// release unlocks and closes the file.
func (f *File[T]) release() error {
	return errors.Join(durable.Unlock(f.file), f.file.Close())
}

func (f *File[T]) error(op string, err error) error {
	return &FileError{Op: op, Path: f.path, Err: err}
}
