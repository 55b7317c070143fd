package durable

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// A Folder is an open folder whose entries can be synced. Open it before you change its
// entries: the sync afterwards then cannot fail because too many files are open.
type Folder struct {
	file *os.File // nil on Windows, which cannot sync folders
}

// OpenFolder opens the folder at path. The caller closes it.
func OpenFolder(path string) (*Folder, error) {
	if runtime.GOOS == "windows" {
		return &Folder{}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &Folder{file: file}, nil
}

// Sync returns nil once the names of the files in the folder are on disk. On Windows, and on
// file systems that cannot sync folders, it does nothing.
func (f *Folder) Sync() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// Close closes the folder.
func (f *Folder) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// SyncFolder opens, syncs and closes the folder at path.
func SyncFolder(path string) error {
	folder, err := OpenFolder(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// IgnoreMissing returns err unless it says that a file does not exist.
func IgnoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
