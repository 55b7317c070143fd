package source

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/internal/durable"
)

func TestFileCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "position")
	checkpoint := NewFileCheckpoint(path)
	id, err := checkpoint.Load(t.Context())
	require.NoError(t, err)
	assert.Empty(t, id, "there is no file")

	for _, want := range []string{"1", "", "\u2026 with\tspaces ", strings.Repeat("x", 1<<20), "2"} {
		require.NoError(t, checkpoint.Save(t.Context(), want))
		got, err := NewFileCheckpoint(path).Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, files, 1, "nothing is left beside it")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode(), "an ID may be secret")

	require.ErrorContains(t, checkpoint.Save(t.Context(), strings.Repeat("x", 1<<20+1)), path)
	id, err = checkpoint.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "2", id, "what was saved before is still there")
}

// A file that Save has not written is an error, never an ID.
func TestFileCheckpointThatIsNone(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "position")
	checkpoint := NewFileCheckpoint(path)
	require.NoError(t, checkpoint.Save(t.Context(), "12345"))
	good, err := os.ReadFile(path)
	require.NoError(t, err)

	contents := map[string]string{
		"longer":       string(good) + "6",
		"a line more":  string(good) + "\n",
		"another ID":   strings.Replace(string(good), "12345", "12346", 1),
		"another one":  "port = 8080\n",
		"a bare ID":    "12345",
		"very long":    string(good) + strings.Repeat("x", 2<<20),
		"version 2":    strings.Replace(string(good), "checkpoint 1 ", "checkpoint 2 ", 1),
		"with a space": strings.Replace(string(good), "checkpoint 1 ", "checkpoint 1  ", 1),
	}
	for n := range good {
		contents["torn after "+strconv.Itoa(n)] = string(good[:n])
	}
	for name, content := range contents {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := checkpoint.Load(t.Context())
			require.ErrorIs(t, err, ErrNotCheckpoint)
			assert.ErrorContains(t, err, path)
			assert.NotContains(t, err.Error(), "8080", "it may be anything, also secret")
		})
	}
	t.Run("a file left by a crash", func(t *testing.T) {
		require.NoError(t, os.WriteFile(path, good, 0o600))
		require.NoError(t, os.WriteFile(path+".new", []byte("rxsse chec"), 0o600))
		id, err := checkpoint.Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "12345", id)
		require.NoError(t, checkpoint.Save(t.Context(), "6"), "it is written over")
		id, err = checkpoint.Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "6", id)
	})
	t.Run("no folder", func(t *testing.T) {
		nowhere := NewFileCheckpoint(filepath.Join(folder, "none", "position"))
		require.ErrorIs(t, nowhere.Save(t.Context(), "1"), os.ErrNotExist)
	})
	t.Run("a folder in its place", func(t *testing.T) {
		require.NoError(t, os.Mkdir(path+".d", 0o700))
		taken := NewFileCheckpoint(path + ".d")
		require.ErrorContains(t, taken.Save(t.Context(), "1"), path+".d")
		assert.NoFileExists(t, path+".d.new", "what could not be put in its place is removed")
		_, err := taken.Load(t.Context())
		require.ErrorContains(t, err, path+".d")
	})
}

// An ID that may not survive a power failure is not saved: Linux cannot sync a device like
// this one.
func TestFileCheckpointThatCannotBeSynced(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems sync any device")
	}
	path := filepath.Join(t.TempDir(), "position")
	checkpoint := NewFileCheckpoint(path)
	require.NoError(t, checkpoint.Save(t.Context(), "1"))
	require.NoError(t, os.Symlink(os.DevNull, path+".new"))
	require.ErrorContains(t, checkpoint.Save(t.Context(), "2"), "sync")
	id, err := checkpoint.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "1", id)
}

// A program that saves each position for months does not run out of files.
func TestFileCheckpointClosesItsFiles(t *testing.T) {
	open := func() int {
		entries, err := os.ReadDir("/dev/fd")
		if err != nil {
			t.Skip("this system does not list the open files of a process")
		}
		return len(entries)
	}
	checkpoint := NewFileCheckpoint(filepath.Join(t.TempDir(), "position"))
	before := open()
	for range 100 {
		require.NoError(t, checkpoint.Save(t.Context(), "1"))
		_, err := checkpoint.Load(t.Context())
		require.NoError(t, err)
	}
	assert.Less(t, open(), before+50)
}

// A reader sees the old ID or the new one, never half of one.
func TestFileCheckpointWhileItIsSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "position")
	checkpoint := NewFileCheckpoint(path)
	var saving sync.WaitGroup
	for i := range 4 {
		saving.Go(func() {
			for range 10 {
				assert.NoError(t, checkpoint.Save(t.Context(), strings.Repeat(strconv.Itoa(i), 1+i*1000)))
			}
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); saving.Wait() }()
	for {
		id, err := checkpoint.Load(t.Context())
		require.NoError(t, err)
		if id != "" {
			assert.Contains(t, []int{1, 1001, 2001, 3001}, len(id))
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

func TestFileCheckpointFollowsALink(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "data"), 0o700))
	link, target := filepath.Join(folder, "position"), filepath.Join(folder, "data", "position")
	require.NoError(t, os.Symlink("data/position", link))
	for _, want := range []string{"1", "2"} { // the file does not exist at first
		require.NoError(t, NewFileCheckpoint(link).Save(t.Context(), want))
		info, err := os.Lstat(link)
		require.NoError(t, err)
		assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link is still there")
		for _, path := range []string{link, target} {
			got, err := NewFileCheckpoint(path).Load(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
	}
	files, err := os.ReadDir(filepath.Dir(target))
	require.NoError(t, err)
	assert.Len(t, files, 1)
}

func TestFileCheckpointStaysWhenTheProgramChangesItsFolder(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	checkpoint := NewFileCheckpoint("position")
	t.Chdir(t.TempDir())
	require.NoError(t, checkpoint.Save(t.Context(), "1"))
	assert.FileExists(t, filepath.Join(folder, "position"))
}

// When the folder cannot be synced, the new ID is in the file nevertheless, and the error
// must not deny it.
func TestFileCheckpointWhoseFolderCannotBeSynced(t *testing.T) {
	checkpoint := NewFileCheckpoint(filepath.Join(t.TempDir(), "position"))
	require.NoError(t, checkpoint.Save(t.Context(), "1"))
	errDisk := errors.New("input/output error")
	checkpoint.syncFolder = func(*durable.Folder) error { return errDisk }
	err := checkpoint.Save(t.Context(), "2")
	require.ErrorIs(t, err, errDisk)
	require.ErrorContains(t, err, "the new ID is in the file, but a loss of power may bring the previous one back")
	got, err := checkpoint.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "2", got)
	checkpoint.syncFolder = (*durable.Folder).Sync
	require.NoError(t, checkpoint.Save(t.Context(), "2"), "it can be called again")
}
