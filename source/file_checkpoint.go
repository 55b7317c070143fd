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
	"sync"

	"github.com/rxsse/rxsse/internal/durable"
)

// A FileCheckpoint is a [Checkpoint] in a file. It survives a crash of the program and a
// loss of power.
//
// Save writes a new file beside the old one, syncs it and renames it, so that at any moment
// the file holds either the old ID or the new one. If the path is a symbolic link, Save
// replaces the file that it leads to and keeps the link.
//
// Use one FileCheckpoint per file, in one program at a time: two of them would overwrite
// each other's positions. A FileCheckpoint is safe for concurrent use.
type FileCheckpoint struct {
	path       string
	syncFolder func(*durable.Folder) error

	mu sync.Mutex // held by Load and Save: Windows replaces no file that is open
}

// NewFileCheckpoint returns the checkpoint in the file at path. A relative path is resolved
// at this call. Save creates the file, but not its folder. During Save there is a second
// file, named like the first with ".new" appended.
func NewFileCheckpoint(path string) *FileCheckpoint {
	if absolute, err := filepath.Abs(path); err == nil { // fails if the current folder is gone
		path = absolute
	}
	return &FileCheckpoint{path: path, syncFolder: (*durable.Folder).Sync}
}

const (
	// checkpointHead is the first line of the file: name, format version, and the
	// length and CRC-32 of the ID that follows.
	checkpointHead = "rxsse checkpoint 1 %d %08x\n"
	// maxCheckpoint is the largest ID that Save accepts. No server accepts a header
	// field of that size.
	maxCheckpoint = 1 << 20
)

// ErrNotCheckpoint means that a file was not written by [FileCheckpoint.Save], or is
// damaged. To start without a position, remove the file.
var ErrNotCheckpoint = errors.New("the file is not a checkpoint, or it is damaged; to start without a position, remove it")

// Load returns the ID in the file, or "" if there is no file. Its errors name the file,
// and wrap [ErrNotCheckpoint] or an error of the operating system.
func (c *FileCheckpoint) Load(context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	file, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", c.error(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(file, int64(len(checkpointHead)+64+maxCheckpoint)))
	if err != nil {
		return "", c.error(err)
	}
	_, id, _ := bytes.Cut(content, []byte("\n"))
	if !bytes.Equal(content, appendCheckpoint(nil, string(id))) {
		return "", c.error(ErrNotCheckpoint)
	}
	return string(id), nil
}

// Save writes the ID to the file. It refuses an ID that is larger than 1 MiB.
//
// Its errors name the file. After an error the file still holds the previous ID, with one
// exception, which the error names: if syncing the folder fails, the file holds the new ID,
// but a loss of power may bring the previous one back. Save can be called again after any
// error.
func (c *FileCheckpoint) Save(_ context.Context, lastEventID string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(lastEventID) > maxCheckpoint {
		return c.error(fmt.Errorf("the event ID has %d bytes, the maximum is %d", len(lastEventID), maxCheckpoint))
	}
	path, err := durable.Target(c.path)
	if err != nil {
		return c.error(err)
	}
	folder, err := durable.OpenFolder(filepath.Dir(path))
	if err != nil {
		return c.error(err)
	}
	defer func() { _ = folder.Close() }() // it was only synced
	next := path + ".new"
	err = writeSynced(next, appendCheckpoint(nil, lastEventID))
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return c.error(errors.Join(err, durable.IgnoreMissing(os.Remove(next))))
	}
	if err := c.syncFolder(folder); err != nil {
		return c.error(fmt.Errorf("the new ID is in the file, but a loss of power may bring the previous one back: %w", err))
	}
	return nil
}

func (c *FileCheckpoint) error(err error) error {
	return fmt.Errorf("source: checkpoint %s: %w", c.path, err)
}

// appendCheckpoint appends the content of a file that holds id.
func appendCheckpoint(dst []byte, id string) []byte {
	dst = fmt.Appendf(dst, checkpointHead, len(id), crc32.ChecksumIEEE([]byte(id)))
	return append(dst, id...)
}

// writeSynced writes a file and returns once its content is on the disk.
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
