package sink

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/durable"
)

// A FileOption configures a [File].
type FileOption func(*fileOptions)

type fileOptions struct {
	json         []json.Options
	syncInterval time.Duration // 0: each call that writes syncs
	maxSize      int64
	rotateEvery  time.Duration
	gzip         bool
	keepFiles    int
	keepFor      time.Duration
	disk         disk
}

// A disk has the calls that may fail because of the disk. Tests replace them.
type disk struct {
	write    func(f *os.File, p []byte) (int, error)
	sync     func(*os.File) error
	truncate func(f *os.File, size int64) error
}

func newFileOptions(opts []FileOption) fileOptions {
	o := fileOptions{disk: disk{write: (*os.File).Write, sync: (*os.File).Sync, truncate: durable.Truncate}}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// WithJSON sets options of the JSON encoder of [OpenNDJSON], such as
// json.Deterministic(true) or json.WithMarshalers. Options that would spread an item over
// several lines have no effect. [OpenEvents] ignores WithJSON.
func WithJSON(opts ...json.Options) FileOption {
	opts = slices.Clone(opts)
	return func(o *fileOptions) { o.json = opts }
}

// WithSyncInterval syncs the file d after an item was written, instead of in each call.
// Appending is then much faster, but a loss of power can lose the items of the last d; a
// crash of the program loses none. If the sync fails, the next call returns the error.
// [Commit] also syncs the file before it saves a position. By default each call that writes
// syncs the file before it returns. WithSyncInterval panics if d is not positive.
func WithSyncInterval(d time.Duration) FileOption {
	argument.MustBePositive("sink: WithSyncInterval: d", d)
	return func(o *fileOptions) { o.syncInterval = d }
}

// WithRotateSize starts a new file before an item that would make the file larger than
// bytes. The old file is renamed: events.ndjson becomes
// events-20060102T150405.000000000Z.ndjson, with the time of the rotation in UTC. An item
// is never split between files; an item larger than the limit gets its own file.
// WithRotateSize panics if bytes is not positive.
//
// The times in the names always increase. If the clock is set back, each next name gets the
// time of the newest rotated file plus a nanosecond, until the clock has caught up. The
// order of the names is thus the order of the items, and no rotated file is overwritten.
func WithRotateSize(bytes int64) FileOption {
	argument.MustBePositive("sink: WithRotateSize: bytes", bytes)
	return func(o *fileOptions) { o.maxSize = bytes }
}

// WithRotateEvery starts a new file, as [WithRotateSize] does, with the first item of each
// period of d. Periods are aligned as by [time.Time.Truncate]: with 24 hours there is one
// file for each day in UTC, even across restarts of the program. WithRotateEvery panics if
// d is not positive.
func WithRotateEvery(d time.Duration) FileOption {
	argument.MustBePositive("sink: WithRotateEvery: d", d)
	return func(o *fileOptions) { o.rotateEvery = d }
}

// WithGzip compresses rotated files in the background, to files of the same name with ".gz"
// appended. If that fails, the rotated file stays, and is compressed after the next
// rotation or when the File is opened again. [File.Close] returns the error if the last
// attempt failed.
func WithGzip() FileOption {
	return func(o *fileOptions) { o.gzip = true }
}

// WithKeep removes old rotated files: it keeps the newest n, and of these only those
// rotated within the last d. Zero means no limit. Old files are removed in the background
// after each rotation and when the File is opened; the current file is never removed. The
// age of a file is determined by the time in its name. By default all files are kept.
// WithKeep panics if n or d is negative, or if both are zero.
func WithKeep(n int, d time.Duration) FileOption {
	if n < 0 || d < 0 || n == 0 && d == 0 {
		panic(fmt.Sprintf("sink: WithKeep: n or d must be positive and none negative, got %d and %v", n, d))
	}
	return func(o *fileOptions) { o.keepFiles, o.keepFor = n, d }
}

// rotates reports whether there may be rotated files to look at.
func (o *fileOptions) rotates() bool {
	return o.maxSize > 0 || o.rotateEvery > 0 || o.gzip || o.keepFiles > 0 || o.keepFor > 0
}

// periodOf returns the start of the period that contains t, or the zero time without
// [WithRotateEvery].
func (o *fileOptions) periodOf(t time.Time) time.Time {
	if o.rotateEvery == 0 {
		return time.Time{}
	}
	return t.UTC().Truncate(o.rotateEvery)
}
