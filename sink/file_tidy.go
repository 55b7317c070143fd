package sink

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rxsse/rxsse/internal/durable"
)

// A tidier removes and compresses rotated files, on a goroutine that ends when there are
// none left to remove or compress.
type tidier struct {
	rotatedFiles
	fileOptions

	mu      sync.Mutex
	running sync.WaitGroup
	active  bool  // there is a goroutine
	again   bool  // another file was rotated meanwhile
	err     error // of the last round
}

// start starts a round, now or after the current one.
func (t *tidier) start() {
	if !t.gzip && t.keepFiles == 0 && t.keepFor == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.again = true
	if !t.active {
		t.active = true
		t.running.Go(t.run) // ends after the last round; wait waits for it
	}
}

func (t *tidier) run() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.again {
		t.again = false
		t.mu.Unlock()
		err := t.tidy()
		t.mu.Lock()
		t.err = err
	}
	t.active = false
}

// wait waits for the goroutine and returns the error of the last round.
func (t *tidier) wait() error {
	t.running.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// tidy removes old files and compresses the others. If a file cannot be removed or
// compressed, tidy continues with the next one and returns the first error at the end.
func (t *tidier) tidy() error {
	files, unfinished, err := t.list()
	if err != nil {
		return &FileError{Op: "list", Path: t.folder, Err: err}
	}
	var first error
	report := func(op, path string, err error) {
		if first == nil && err != nil {
			first = &FileError{Op: op, Path: path, Err: err}
		}
	}
	for _, path := range unfinished {
		report("remove", path, durable.IgnoreMissing(os.Remove(path)))
	}
	old := t.old(files, time.Now())
	for _, file := range files[:old] {
		report("remove", file.path, durable.IgnoreMissing(os.Remove(file.path)))
	}
	for _, file := range files[old:] {
		if t.gzip && !file.compressed {
			report("compress", file.path, t.compress(file.path))
		}
	}
	return first
}

// old returns how many of the sorted files, from the oldest on, are to be removed.
func (t *tidier) old(files []rotatedFile, now time.Time) int {
	kept := 0
	for i, v := range slices.Backward(files) {
		if i == len(files)-1 || !v.at.Equal(files[i+1].at) {
			kept++
		}
		if t.keepFiles > 0 && kept > t.keepFiles || t.keepFor > 0 && now.Sub(v.at) > t.keepFor {
			return i + 1
		}
	}
	return 0
}

// compress replaces a file, unless it is gone, by a compressed one. If compress is
// interrupted, at least one of the two is complete.
func (t *tidier) compress(path string) error {
	from, err := os.Open(path)
	if err != nil {
		return durable.IgnoreMissing(err)
	}
	unfinished := path + unfinishedExt
	err = errors.Join(t.compressTo(unfinished, from), from.Close()) // Windows removes no open file
	if err != nil {
		return errors.Join(err, durable.IgnoreMissing(os.Remove(unfinished)))
	}
	if err := os.Rename(unfinished, path+compressedExt); err != nil {
		return err
	}
	if err := durable.SyncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	return durable.IgnoreMissing(os.Remove(path))
}

// compressTo writes a compressed file and returns once it is on the disk.
func (t *tidier) compressTo(path string, from *os.File) error {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	w := gzip.NewWriter(to)
	_, err = io.Copy(w, from)
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = t.disk.sync(to)
	}
	return errors.Join(err, to.Close())
}
