package sink

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rxsse/rxsse/internal/durable"
)

// rotationTime is the form of the time in the name of a rotated file. The names sort by
// time.
const rotationTime = "20060102T150405.000000000Z"

// A rotatedFile is a file that was rotated. While it is compressed, and if that was
// interrupted, there are two with the same time.
type rotatedFile struct {
	path       string
	at         time.Time
	compressed bool
}

// rotatedFiles are the names of the rotated files of one File.
type rotatedFiles struct{ folder, prefix, ext string }

func rotatedFilesOf(path string) rotatedFiles {
	ext := filepath.Ext(path)
	return rotatedFiles{folder: filepath.Dir(path), prefix: strings.TrimSuffix(filepath.Base(path), ext) + "-", ext: ext}
}

func (r rotatedFiles) name(t time.Time) string {
	return filepath.Join(r.folder, r.prefix+t.UTC().Format(rotationTime)+r.ext)
}

const (
	compressedExt = ".gz"
	unfinishedExt = ".gz.new" // of a file that is being compressed
)

// list returns the rotated files, oldest first, and what interrupted compressions have
// left.
func (r rotatedFiles) list() (files []rotatedFile, unfinished []string, err error) {
	entries, err := os.ReadDir(r.folder)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		name, isOurs := strings.CutPrefix(entry.Name(), r.prefix)
		if !isOurs || len(name) < len(rotationTime) || !entry.Type().IsRegular() {
			continue
		}
		at, err := time.Parse(rotationTime, name[:len(rotationTime)])
		if err != nil {
			continue
		}
		path := filepath.Join(r.folder, entry.Name())
		switch name[len(rotationTime):] {
		case r.ext:
			files = append(files, rotatedFile{path: path, at: at})
		case r.ext + compressedExt:
			files = append(files, rotatedFile{path: path, at: at, compressed: true})
		case r.ext + unfinishedExt:
			unfinished = append(unfinished, path)
		}
	}
	slices.SortStableFunc(files, func(a, b rotatedFile) int { return a.at.Compare(b.at) })
	return files, unfinished, nil
}

// prepareRotation looks at the rotated files that are there.
func (f *File[T]) prepareRotation() error {
	if !f.rotates() {
		return nil
	}
	f.tidier.rotatedFiles, f.tidier.fileOptions = rotatedFilesOf(f.path), f.fileOptions
	files, _, err := f.tidier.list()
	if err != nil {
		return err
	}
	if len(files) > 0 {
		f.newest = files[len(files)-1].at
	}
	f.tidier.start()
	return nil
}

// rotate renames the file and starts a new one. If that fails, the File continues with the
// old file under its old name.
func (f *File[T]) rotate() error {
	if err := f.sync(); err != nil {
		return err
	}
	if err := f.checkUnchanged(); err != nil { // or another program's file would be renamed
		return err
	}
	folder, err := durable.OpenFolder(filepath.Dir(f.path))
	if err != nil {
		return f.error("rotate", err)
	}
	defer func() { _ = folder.Close() }() // it was only synced
	at, err := f.nextRotation()
	if err != nil {
		return f.error("rotate", err)
	}
	rotated := f.tidier.name(at)
	if err := os.Rename(f.path, rotated); err != nil {
		return f.error("rotate", err)
	}
	next, err := f.openNext()
	if err != nil {
		if back := moveBack(rotated, f.path); back != nil {
			return f.fail("rotate", errors.Join(err, back))
		}
		return f.error("rotate", err)
	}
	_ = f.release() // already synced
	f.file, f.size, f.newest = next, 0, at
	if err := folder.Sync(); err != nil {
		return f.fail("sync the folder of", err)
	}
	f.tidier.start()
	return nil
}

// nextRotation returns the time for the name of the next rotated file: now, but always
// later than those of the others, and not in use.
func (f *File[T]) nextRotation() (time.Time, error) {
	at := time.Now().Round(0) // by the wall clock, which may be set back
	if !at.After(f.newest) {
		at = f.newest.Add(time.Nanosecond)
	}
	for ; ; at = at.Add(time.Nanosecond) {
		path := f.tidier.name(at)
		free := true
		for _, taken := range []string{path, path + compressedExt} {
			_, err := os.Lstat(taken)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return time.Time{}, err
			}
			free = free && err != nil
		}
		if free {
			return at, nil
		}
	}
}

// openNext creates the new file, with the mode of the old one.
func (f *File[T]) openNext() (*os.File, error) {
	info, err := f.file.Stat()
	if err != nil {
		return nil, err
	}
	next, err := durable.OpenLocked(f.path, os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	if err := next.Chmod(info.Mode().Perm()); err != nil {
		return nil, errors.Join(err, next.Close(), os.Remove(f.path))
	}
	return next, nil
}

// moveBack renames a file back, unless another program has created one at that path.
func moveBack(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return ErrFileChanged
	}
	return os.Rename(from, to)
}
