package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// A FileCheckpoint is a [Checkpoint] in a file, which outlasts the program and a
// loss of power. It is written as a whole beside its old self, flushed to the disk
// and put in its place, so that at any moment the one ID or the other is there. One
// program at a time may save to a file, and only with one FileCheckpoint.
type FileCheckpoint struct {
	path string
	mu   sync.Mutex // one Save at a time
}

// NewFileCheckpoint returns the checkpoint in the file at path, which is made when
// something is saved; its folder has to be there. Beside it is, for a moment, a file
// with ".new" after that name.
func NewFileCheckpoint(path string) *FileCheckpoint { return &FileCheckpoint{path: path} }

const (
	// checkpointHead is what a file begins with: a name, a version, and how the rest
	// is to be checked: its length and its CRC-32.
	checkpointHead = "rxsse checkpoint 1 %d %08x\n"
	// maxCheckpoint is how large an ID may be that is saved. No server takes a header
	// field of that size.
	maxCheckpoint = 1 << 20
)

// A CheckpointError says what is wrong with the file of a [FileCheckpoint].
type CheckpointError struct {
	Path string
	// Err is an error of the operating system, or one that says why what the file
	// holds is no checkpoint.
	Err error
}

// Error names the file and the reason.
func (e *CheckpointError) Error() string {
	return fmt.Sprintf("source: checkpoint %s: %v", e.Path, e.Err)
}

// Unwrap returns Err.
func (e *CheckpointError) Unwrap() error { return e.Err }

// ErrNotCheckpoint is the reason when a file holds something else than what
// [FileCheckpoint.Save] writes: it is another program's, or is damaged. Remove it
// to begin anew.
var ErrNotCheckpoint = errors.New("the file is no checkpoint, or a damaged one; remove it to begin anew")

// Load returns the ID in the file, "" if there is no file. Its errors are
// a [CheckpointError].
func (c *FileCheckpoint) Load(context.Context) (string, error) {
	file, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", c.failed(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(file, int64(len(checkpointHead)+64+maxCheckpoint)))
	if err != nil {
		return "", c.failed(err)
	}
	_, id, _ := bytes.Cut(content, []byte("\n"))
	if !bytes.Equal(content, appendCheckpoint(nil, string(id))) {
		return "", c.failed(ErrNotCheckpoint)
	}
	return string(id), nil
}

// Save writes the ID to the file. Its errors are a [CheckpointError]; the ID before
// is then still there. It refuses an ID larger than 1 MiB.
func (c *FileCheckpoint) Save(_ context.Context, lastEventID string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(lastEventID) > maxCheckpoint {
		return c.failed(fmt.Errorf("an event ID of %d bytes is larger than the %d that are allowed", len(lastEventID), maxCheckpoint))
	}
	next := c.path + ".new"
	if err := writeSynced(next, appendCheckpoint(nil, lastEventID)); err != nil {
		return c.failed(errors.Join(err, ignoreMissing(os.Remove(next))))
	}
	if err := os.Rename(next, c.path); err != nil {
		return c.failed(errors.Join(err, ignoreMissing(os.Remove(next))))
	}
	if err := syncFolder(filepath.Dir(c.path)); err != nil {
		return c.failed(err)
	}
	return nil
}

func (c *FileCheckpoint) failed(err error) error { return &CheckpointError{Path: c.path, Err: err} }

// appendCheckpoint appends what a file with an ID holds.
func appendCheckpoint(dst []byte, id string) []byte {
	dst = fmt.Appendf(dst, checkpointHead, len(id), crc32.ChecksumIEEE([]byte(id)))
	return append(dst, id...)
}

// writeSynced writes a file and returns once it is on the disk.
func writeSynced(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
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

// ignoreMissing returns err unless it says that a file is not there.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
