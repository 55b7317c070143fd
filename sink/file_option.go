package sink

import (
	"fmt"
	"time"
)

// A FileOption changes how a [File] is written.
type FileOption func(*fileOptions)

type fileOptions struct {
	syncEvery    int
	syncInterval time.Duration
	maxSize      int64
	rotateEvery  time.Duration
	gzip         bool
}

// WithSyncEvery syncs the file when n items have been written since the last time,
// at the end of the call that wrote the n-th. The default is 1: each call that
// writes syncs, whatever the number of its items. A loss of power may cost what is
// not synced; the end of the program alone, even by a kill, costs nothing that was
// written. An n that is not positive panics.
func WithSyncEvery(n int) FileOption {
	if n <= 0 {
		panic(fmt.Sprintf("sink: WithSyncEvery: n must be positive, got %d", n))
	}
	return func(o *fileOptions) { o.syncEvery, o.syncInterval = n, 0 }
}

// WithSyncInterval syncs the file d after an item was written, instead of after a
// number of items: a loss of power costs at most what was written in the last d. If
// that fails, the next call returns the error. A d that is not positive panics.
func WithSyncInterval(d time.Duration) FileOption {
	if d <= 0 {
		panic(fmt.Sprintf("sink: WithSyncInterval: d must be positive, got %v", d))
	}
	return func(o *fileOptions) { o.syncEvery, o.syncInterval = 0, d }
}

// WithRotateSize begins a new file before an item that would make the file larger
// than so many bytes. The old one is renamed: what was events.ndjson becomes
// events-20060102T150405.000000000Z.ndjson, with the time of the rotation. No item
// is torn between two files; one that is larger has a file of its own. A number that
// is not positive panics.
func WithRotateSize(bytes int64) FileOption {
	if bytes <= 0 {
		panic(fmt.Sprintf("sink: WithRotateSize: bytes must be positive, got %d", bytes))
	}
	return func(o *fileOptions) { o.maxSize = bytes }
}

// WithRotateEvery begins a new file with the first item of each period of d, as
// [WithRotateSize] does. Periods are counted as by [time.Time.Truncate]: with 24
// hours there is a file for each day of UTC, across restarts of the program too. A d
// that is not positive panics.
func WithRotateEvery(d time.Duration) FileOption {
	if d <= 0 {
		panic(fmt.Sprintf("sink: WithRotateEvery: d must be positive, got %v", d))
	}
	return func(o *fileOptions) { o.rotateEvery = d }
}

// WithGzip compresses files once they are rotated, on a goroutine of its own, to
// files of the same name with ".gz" after it. One whose compression was cut short is
// compressed when the file is opened again. If it fails the file stays as it is, and
// Close returns the error.
func WithGzip() FileOption {
	return func(o *fileOptions) { o.gzip = true }
}

// periodOf returns the beginning of the period in which t is: always the same
// without [WithRotateEvery].
func (o *fileOptions) periodOf(t time.Time) time.Time {
	if o.rotateEvery == 0 {
		return time.Time{}
	}
	return t.UTC().Truncate(o.rotateEvery)
}
