package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// ErrLocked means that a file is locked through another handle, by this program or another.
var ErrLocked = errors.New("the file is already open in this program or another")

// OpenLocked opens the file at path for reading and appending, and locks it. It returns
// [ErrLocked] if the file is already locked. The lock ends with [Unlock], when the file is
// closed, or with the program.
//
// flag is 0, or [os.O_CREATE] with or without [os.O_EXCL]; a new file gets mode 0600. On
// file systems and operating systems without locks, the file is not locked.
func OpenLocked(path string, flag int) (*os.File, error) {
	const tries = 100
	for range tries {
		file, err := openAppend(path, flag)
		if err != nil {
			return nil, err
		}
		if err := lock(file); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return nil, errors.Join(err, file.Close())
		}
		// Between the two calls, the program that held the lock may have renamed the file.
		same, err := InPlace(file, path)
		if same {
			return file, nil
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("the file keeps being replaced")}
}

// InPlace reports whether path still leads to the open file, which has not been removed,
// renamed or replaced.
func InPlace(file *os.File, path string) (bool, error) {
	opened, err := file.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return os.SameFile(opened, named), nil
}

// Truncate cuts the file to size. The next write continues there.
func Truncate(file *os.File, size int64) error {
	if err := file.Truncate(size); err != nil {
		return err
	}
	_, err := file.Seek(size, io.SeekStart) // on Windows, appending does not move to the end
	return err
}
