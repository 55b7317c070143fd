package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFolder(t *testing.T) {
	require.NoError(t, SyncFolder(t.TempDir()))
	require.ErrorIs(t, SyncFolder(filepath.Join(t.TempDir(), "none")), os.ErrNotExist)
	folder, err := OpenFolder(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, folder.Close())
	require.ErrorIs(t, folder.Sync(), os.ErrClosed)
}

func TestTarget(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	require.NoError(t, os.Mkdir(at("data"), 0o700))
	require.NoError(t, os.WriteFile(at("data/file"), nil, 0o600))
	require.NoError(t, os.Symlink("data/file", at("link")))
	require.NoError(t, os.Symlink(at("link"), at("link to link")))
	require.NoError(t, os.Symlink("data/later", at("dangling")))
	require.NoError(t, os.Symlink("loop", at("loop")))
	require.NoError(t, os.Symlink("data", at("linked folder")))
	for path, want := range map[string]string{
		"data/file":          "data/file",
		"none":               "none",
		"link":               "data/file",
		"link to link":       "data/file",
		"dangling":           "data/later",
		"linked folder/file": "linked folder/file",
	} {
		got, err := Target(at(path))
		require.NoError(t, err, path)
		assert.Equal(t, at(want), got, path)
	}
	_, err := Target(at("loop"))
	require.ErrorContains(t, err, "loop: too many symbolic links")
	_, err = Target(at("data/file/below"))
	require.Error(t, err, "the folder is a file")
}

// Target follows as many links as the system does.
func TestTargetOfAChainOfLinks(t *testing.T) {
	folder := t.TempDir()
	at := func(n int) string { return filepath.Join(folder, fmt.Sprint(n)) }
	require.NoError(t, os.WriteFile(at(0), nil, 0o600))
	for n := range 41 {
		require.NoError(t, os.Symlink(at(n), at(n+1)))
	}
	got, err := Target(at(40))
	require.NoError(t, err)
	assert.Equal(t, at(0), got)
	_, err = Target(at(41))
	require.ErrorContains(t, err, "41: too many symbolic links")
}

// The holder of a lock may rename the file. The next one locks the file that is then at the
// path, not the renamed one.
func TestOpenLockedOfAFileThatIsRenamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	var writers sync.WaitGroup
	var renamed atomic.Int64
	for range 4 {
		writers.Go(func() {
			for range 200 {
				file, err := OpenLocked(path, os.O_CREATE)
				if errors.Is(err, ErrLocked) {
					runtime.Gosched()
					continue
				}
				if !assert.NoError(t, err) {
					return
				}
				inPlace, err := InPlace(file, path)
				assert.NoError(t, err)
				assert.True(t, inPlace)
				assert.NoError(t, os.Rename(path, fmt.Sprint(path, renamed.Add(1))))
				assert.NoError(t, file.Close())
			}
		})
	}
	writers.Wait()
	assert.Positive(t, renamed.Load())
}

func TestErrorsOfAClosedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	file, err := OpenLocked(path, os.O_CREATE)
	require.NoError(t, err)
	same, err := InPlace(file, filepath.Join(path, "below"))
	require.Error(t, err, "the path leads through a file")
	assert.False(t, same)
	require.NoError(t, file.Close())
	same, err = InPlace(file, path)
	require.ErrorIs(t, err, os.ErrClosed)
	assert.False(t, same)
	require.ErrorIs(t, Truncate(file, 0), os.ErrClosed)
	require.Error(t, Unlock(file))
}

func TestOpenLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	_, err := OpenLocked(path, 0)
	require.ErrorIs(t, err, os.ErrNotExist)
	first, err := OpenLocked(path, os.O_CREATE|os.O_EXCL)
	require.NoError(t, err)
	info, err := first.Stat()
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = OpenLocked(path, os.O_CREATE)
	require.ErrorIs(t, err, ErrLocked)
	_, err = OpenLocked(path, os.O_CREATE|os.O_EXCL)
	require.ErrorIs(t, err, os.ErrExist)

	require.NoError(t, Unlock(first))
	second, err := OpenLocked(path, 0)
	require.NoError(t, err)
	require.NoError(t, first.Close())
	_, err = OpenLocked(path, 0)
	require.ErrorIs(t, err, ErrLocked, "the second one has the lock")

	_, err = second.WriteString("1234")
	require.NoError(t, err)
	require.NoError(t, Truncate(second, 2))
	_, err = second.WriteString("5")
	require.NoError(t, err)
	require.NoError(t, second.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "125", string(text))
	third, err := OpenLocked(path, 0)
	require.NoError(t, err, "closing ends the lock")
	require.NoError(t, third.Close())
}

func TestInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	file, err := OpenLocked(path, os.O_CREATE)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	inPlace := func() bool {
		t.Helper()
		got, err := InPlace(file, path)
		require.NoError(t, err)
		return got
	}
	assert.True(t, inPlace())
	require.NoError(t, os.Rename(path, path+"1"))
	assert.False(t, inPlace(), "renamed")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	assert.False(t, inPlace(), "replaced")
	require.NoError(t, os.Rename(path+"1", path))
	assert.True(t, inPlace(), "back again")
}

func TestTruncateOfAFileForReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("one"), 0o600))
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	require.Error(t, Truncate(file, 0))
}

func TestIgnoreMissing(t *testing.T) {
	require.NoError(t, IgnoreMissing(nil))
	require.NoError(t, IgnoreMissing(os.Remove(filepath.Join(t.TempDir(), "none"))))
	require.ErrorIs(t, IgnoreMissing(os.ErrPermission), os.ErrPermission)
}
