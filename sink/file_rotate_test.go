package sink_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
)

func TestFileRotatesBySize(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "n.ndjson")
	f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(10))
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o640))
	require.NoError(t, f.Append([]int{1000, 2000, 3000, 4000}))
	require.NoError(t, f.Append([]int{5000, 1234567890, 6000}))
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"1000\n2000\n", "3000\n4000\n", "5000\n", "1234567890\n"}, rotated(t, path))
	assert.Equal(t, "6000\n", content(t, path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm(), "as the one before")
}

// rotated returns the contents of the rotated files of path, in the order of their names.
func rotated(t *testing.T, path string) (contents []string) {
	t.Helper()
	ext := filepath.Ext(path)
	names, err := filepath.Glob(strings.TrimSuffix(path, ext) + "-*Z" + ext + "*")
	require.NoError(t, err)
	slices.Sort(names)
	for _, name := range names {
		if filepath.Ext(name) == ".new" {
			continue // of an interrupted compression
		}
		if filepath.Ext(name) != ".gz" {
			contents = append(contents, content(t, name))
			continue
		}
		file, err := os.Open(name)
		require.NoError(t, err)
		r, err := gzip.NewReader(file)
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		contents = append(contents, "gz "+string(text))
	}
	return contents
}

func TestFileRotatesByTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	synctest.Test(t, func(t *testing.T) { // begins at midnight
		f, err := sink.OpenNDJSON[int](path, sink.WithRotateEvery(24*time.Hour))
		require.NoError(t, err)
		for hour := range 60 {
			if hour%6 == 0 && (hour < 24 || hour >= 48) {
				require.NoError(t, f.AppendOne(hour))
			}
			time.Sleep(time.Hour)
		}
		time.Sleep(24 * time.Hour)
		require.NoError(t, f.Append(nil), "without an item there is no new file")
		require.NoError(t, f.Close())
	})
	assert.Equal(t, []string{"0\n6\n12\n18\n"}, rotated(t, path), "no file for a day without items")
	assert.Equal(t, "48\n54\n", content(t, path))
}

// Items that were written before a restart belong to the period in which they were written.
func TestFileRotatesByTimeAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	require.NoError(t, os.WriteFile(path, []byte("1\n"), 0o600))
	yesterday := time.Now().Add(-24 * time.Hour)
	require.NoError(t, os.Chtimes(path, yesterday, yesterday))
	f, err := sink.OpenNDJSON[int](path, sink.WithRotateEvery(24*time.Hour))
	require.NoError(t, err)
	require.NoError(t, f.AppendOne(2))
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"1\n"}, rotated(t, path))
	assert.Equal(t, "2\n", content(t, path))
}

// A restart within a period does not start a new file.
func TestFileGoesOnWithinAPeriodAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	for n := range 3 {
		f, err := sink.OpenNDJSON[int](path, sink.WithRotateEvery(100*365*24*time.Hour))
		require.NoError(t, err)
		require.NoError(t, f.AppendOne(n))
		require.NoError(t, f.Close())
	}
	assert.Empty(t, rotated(t, path))
	assert.Equal(t, "0\n1\n2\n", content(t, path))
}

// The clock is set back: the names of rotated files still give the order, and none is
// overwritten.
func TestFileRotatesInOrderThoughTheClockIsSetBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	ahead := strings.TrimSuffix(path, ".ndjson") + "-21060102T150405.000000000Z.ndjson"
	require.NoError(t, os.WriteFile(ahead, []byte("0\n"), 0o600))
	f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(2))
	require.NoError(t, err)
	require.NoError(t, f.Append([]int{1, 2}))
	first := strings.Replace(ahead, "000000000Z", "000000001Z", 1)
	assert.Equal(t, "1\n", content(t, first))
	require.NoError(t, os.Remove(first)) // moved to an archive, where its name is taken
	require.NoError(t, f.AppendOne(3))
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"0\n", "2\n"}, rotated(t, path))
	assert.FileExists(t, strings.Replace(ahead, "000000000Z", "000000002Z", 1))
}

// A name that is in use, by a file or a compressed one, is not used again.
func TestFileRotatesToAFreeName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	synctest.Test(t, func(t *testing.T) { // time stands still
		f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(2))
		require.NoError(t, err)
		name := strings.TrimSuffix(path, ".ndjson") + "-" + time.Now().UTC().Format("20060102T150405.000000000Z") + ".ndjson"
		require.NoError(t, os.WriteFile(name, []byte("taken\n"), 0o600))
		next := strings.Replace(name, "000000000Z", "000000001Z", 1) + ".gz"
		require.NoError(t, os.Mkdir(next, 0o700))
		require.NoError(t, f.Append([]int{1, 2, 3}))
		require.NoError(t, f.Close())
		assert.NoFileExists(t, strings.TrimSuffix(next, ".gz"))
		require.NoError(t, os.Remove(next))
	})
	assert.Equal(t, []string{"taken\n", "1\n", "2\n"}, rotated(t, path))
}

func TestFileFollowsALink(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "data"), 0o700))
	link, target := filepath.Join(folder, "n.ndjson"), filepath.Join(folder, "data", "m.ndjson")
	require.NoError(t, os.Symlink("data/m.ndjson", link))
	f, err := sink.OpenNDJSON[int](link, sink.WithRotateSize(2))
	require.NoError(t, err)
	require.NoError(t, f.Append([]int{1, 2}))
	require.NoError(t, f.Close())
	assert.Equal(t, "2\n", content(t, link))
	assert.Equal(t, []string{"1\n"}, rotated(t, target))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link is still there")
}

// A rotation that fails leaves the file as it was, and is retried.
func TestFileThatCannotRotate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(folder, 0o700))
	path := filepath.Join(folder, "n-"+strings.Repeat("x", 230)+".ndjson") // a longer name is impossible
	f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(4))
	require.NoError(t, err)
	require.NoError(t, f.Append([]int{1, 2}))
	for range 2 {
		err = f.Append([]int{3})
		var failure *sink.FileError
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, "rotate", failure.Op)
		assert.Equal(t, "1\n2\n", content(t, path))
	}
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
}
