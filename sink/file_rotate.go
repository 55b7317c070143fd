package sink

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// rotationTime is the form of the time in the name of a rotated file.
const rotationTime = "20060102T150405.000000000Z"

// rotate gives the file another name and begins a new one. If it fails before that,
// the file is as it was; later, it is of no more use.
func (f *File[T]) rotate() error {
	if err := f.sync(); err != nil {
		return err
	}
	rotated, err := f.rotatedName(time.Now())
	if err != nil {
		return f.error("rotate", err)
	}
	if err := os.Rename(f.path, rotated); err != nil {
		return f.error("rotate", err)
	}
	info, err := f.file.Stat()
	if err == nil {
		err = f.file.Close()
	}
	if err == nil {
		err = f.openFile(os.O_CREATE | os.O_EXCL)
	}
	if err == nil {
		err = f.file.Chmod(info.Mode().Perm())
	}
	if err != nil {
		f.failed = f.error("rotate", err)
		return f.failed
	}
	if f.gzip {
		f.compressLater(rotated)
	}
	return nil
}

// rotatedName returns a name that no file has, for a rotation at t.
func (f *File[T]) rotatedName(t time.Time) (string, error) {
	ext := filepath.Ext(f.path)
	for ; ; t = t.Add(time.Nanosecond) {
		name := strings.TrimSuffix(f.path, ext) + "-" + t.UTC().Format(rotationTime) + ext
		free := true
		for _, taken := range []string{name, name + ".gz"} {
			_, err := os.Lstat(taken)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
			free = free && err != nil
		}
		if free {
			return name, nil
		}
	}
}

// compressLater has a rotated file compressed, after those before it, on a goroutine
// for which Close waits. Called with the lock held.
func (f *File[T]) compressLater(path string) {
	f.uncompressed = append(f.uncompressed, path)
	if !f.compressor {
		f.compressor = true
		f.compressing.Go(f.compressAll)
	}
}

// compressAll compresses files until there are none left.
func (f *File[T]) compressAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.uncompressed) > 0 {
		path := f.uncompressed[0]
		f.uncompressed = f.uncompressed[1:]
		f.mu.Unlock()
		err := compress(path)
		f.mu.Lock()
		if err != nil {
			f.compressed = errors.Join(f.compressed, &FileError{Op: "compress", Path: path, Err: err})
		}
	}
	f.compressor = false
}

// compressLeftovers compresses the rotated files that are not.
func (f *File[T]) compressLeftovers() error {
	ext := filepath.Ext(f.path)
	prefix := strings.TrimSuffix(filepath.Base(f.path), ext) + "-"
	folder := filepath.Dir(f.path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, entry := range entries {
		name, isOurs := strings.CutPrefix(entry.Name(), prefix)
		at, isWhole := strings.CutSuffix(name, ext)
		if !isOurs || !isWhole || !entry.Type().IsRegular() {
			continue
		}
		if _, err := time.Parse(rotationTime, at); err == nil {
			f.compressLater(filepath.Join(folder, entry.Name()))
		}
	}
	return nil
}

// compress replaces a file by a compressed one. At any moment one of them is there
// and whole.
func compress(path string) (err error) {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	unfinished := path + ".gz.new"
	if err := compressTo(unfinished, from); err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	if err := os.Rename(unfinished, path+".gz"); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	return os.Remove(path)
}

// compressTo writes a compressed file and returns once it is on the disk.
func compressTo(path string, from *os.File) error {
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
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
}

// syncFolder returns once the names in a folder are on the disk. Windows has no
// such call, and needs none.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
