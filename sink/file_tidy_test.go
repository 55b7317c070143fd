package sink_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
)

func TestFileCompressesRotatedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	leftover := strings.TrimSuffix(path, ".ndjson") + "-20060102T150405.000000000Z.ndjson"
	require.NoError(t, os.WriteFile(leftover, []byte("from before\n"), 0o600))
	require.NoError(t, os.WriteFile(leftover+".gz.new", []byte("cut sho"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "n-other.ndjson"), []byte("not ours\n"), 0o600))
	f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(10), sink.WithGzip())
	require.NoError(t, err)
	require.NoError(t, f.Append([]int{1000, 2000, 3000}))
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"gz from before\n", "gz 1000\n2000\n"}, rotated(t, path))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 4, "the two, the file and the one that is not ours")
}

// A program that died after it had compressed a file left both: the file is compressed
// again, so that the compressed file is complete.
func TestFileIsCompressedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	leftover := strings.TrimSuffix(path, ".ndjson") + "-20060102T150405.000000000Z.ndjson"
	require.NoError(t, os.WriteFile(leftover, []byte("1\n2\n"), 0o600))
	require.NoError(t, os.WriteFile(leftover+".gz", []byte("torn"), 0o600))
	f, err := sink.OpenNDJSON[int](path, sink.WithGzip())
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"gz 1\n2\n"}, rotated(t, path))
	assert.NoFileExists(t, leftover)
}

// A compressed file is not compressed a second time.
func TestCompressedFilesStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(2), sink.WithGzip())
	require.NoError(t, err)
	require.NoError(t, f.Append([]int{1, 2}))
	require.NoError(t, f.Close())
	before := files(t, path)
	f, err = sink.OpenNDJSON[int](path, sink.WithRotateSize(2), sink.WithGzip())
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Equal(t, before, files(t, path))
	assert.Equal(t, []string{"gz 1\n"}, rotated(t, path))
}

func TestFileCloseReturnsTheErrorOfACompression(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	leftover := strings.TrimSuffix(path, ".ndjson") + "-20060102T150405.000000000Z.ndjson"
	require.NoError(t, os.WriteFile(leftover, []byte("1\n"), 0o600))
	require.NoError(t, os.Mkdir(leftover+".gz.new", 0o700))
	f, err := sink.OpenNDJSON[int](path, sink.WithGzip())
	require.NoError(t, err)
	require.NoError(t, f.AppendOne(1))
	err = f.Close()
	var failure *sink.FileError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "compress", failure.Op)
	assert.Equal(t, leftover, failure.Path)
	assert.Equal(t, "1\n", content(t, leftover), "nothing is lost")
}

// A missing file is no error only if it is the file to compress, which somebody may have
// removed.
func TestFileCloseReturnsThatNoCompressedFileCanBeMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	leftover := strings.TrimSuffix(path, ".ndjson") + "-20060102T150405.000000000Z.ndjson"
	require.NoError(t, os.WriteFile(leftover, []byte("1\n"), 0o600))
	if err := os.Symlink(filepath.Join(t.TempDir(), "missing", "file"), leftover+".gz.new"); err != nil {
		t.Skip(err)
	}
	f, err := sink.OpenNDJSON[int](path, sink.WithGzip())
	require.NoError(t, err)
	var failure *sink.FileError
	require.ErrorAs(t, f.Close(), &failure)
	assert.Equal(t, "compress", failure.Op)
	assert.Equal(t, "1\n", content(t, leftover), "nothing is lost")
}

// rotatedAt makes a file that path was rotated to at t, whose content is its name.
func rotatedAt(t *testing.T, path string, at time.Time, ext string) {
	t.Helper()
	name := "n-" + at.UTC().Format("20060102T150405.000000000Z") + ext
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(name), 0o600))
}

// files returns the names in the folder of path.
func files(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestFileKeepsNFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	synctest.Test(t, func(t *testing.T) { // begins in 2000
		for hour := range 5 {
			rotatedAt(t, path, time.Now().Add(time.Duration(hour-5)*time.Hour), ".ndjson.gz")
		}
		rotatedAt(t, path, time.Now().Add(-time.Hour), ".ndjson")          // was being compressed, and counts once
		rotatedAt(t, path, time.Now().Add(-2*time.Hour), ".ndjson.gz.new") // an interrupted compression
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "n-1.ndjson"), nil, 0o600))
		f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(2), sink.WithKeep(3, 0))
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, []string{
			"n-1.ndjson", "n-19991231T210000.000000000Z.ndjson.gz", "n-19991231T220000.000000000Z.ndjson.gz",
			"n-19991231T230000.000000000Z.ndjson", "n-19991231T230000.000000000Z.ndjson.gz", "n.ndjson",
		}, files(t, path))
		require.NoError(t, f.Append([]int{1, 2, 3}))
		require.NoError(t, f.Close())
		assert.Equal(t, []string{
			"n-1.ndjson", "n-19991231T230000.000000000Z.ndjson", "n-19991231T230000.000000000Z.ndjson.gz",
			"n-20000101T000000.000000000Z.ndjson", "n-20000101T000000.000000001Z.ndjson", "n.ndjson",
		}, files(t, path))
	})
}

func TestFileKeepsFilesForATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	synctest.Test(t, func(t *testing.T) {
		for day := range 5 {
			rotatedAt(t, path, time.Now().Add(-time.Duration(day)*24*time.Hour), ".ndjson")
		}
		f, err := sink.OpenNDJSON[int](path, sink.WithKeep(0, 48*time.Hour))
		require.NoError(t, err)
		require.NoError(t, f.Close())
		assert.Equal(t, []string{
			"n-19991230T000000.000000000Z.ndjson", "n-19991231T000000.000000000Z.ndjson", "n-20000101T000000.000000000Z.ndjson", "n.ndjson",
		}, files(t, path))

		f, err = sink.OpenNDJSON[int](path, sink.WithKeep(2, 24*time.Hour), sink.WithRotateEvery(24*time.Hour))
		require.NoError(t, err)
		require.NoError(t, f.AppendOne(1))
		time.Sleep(36 * time.Hour)
		require.NoError(t, f.AppendOne(2))
		require.NoError(t, f.Close())
		assert.Equal(t, []string{"n-20000102T120000.000000000Z.ndjson", "n.ndjson"}, files(t, path), "of the two newest, one is too old")

		time.Sleep(time.Second)
		f, err = sink.OpenNDJSON[int](path, sink.WithKeep(0, 1))
		require.NoError(t, err)
		require.NoError(t, f.Close())
		assert.Equal(t, []string{"n.ndjson"}, files(t, path), "a nanosecond is a limit, too")
	})
}

// A file that could not be compressed is compressed after the next rotation.
func TestFileCompressesLaterWhatItCouldNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	leftover := strings.TrimSuffix(path, ".ndjson") + "-20060102T150405.000000000Z.ndjson"
	require.NoError(t, os.WriteFile(leftover, []byte("0\n"), 0o600))
	require.NoError(t, os.MkdirAll(leftover+".gz/full", 0o700))
	synctest.Test(t, func(t *testing.T) {
		f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(2), sink.WithGzip())
		require.NoError(t, err)
		require.NoError(t, f.Append([]int{1, 2}))
		synctest.Wait()
		require.NoError(t, os.RemoveAll(leftover+".gz"))
		require.NoError(t, f.AppendOne(3))
		require.NoError(t, f.Close())
	})
	assert.Equal(t, []string{"gz 0\n", "gz 1\n", "gz 2\n"}, rotated(t, path))
}

// When several files cannot be compressed, Close names the first one, and the others are
// compressed.
func TestFileCompressesTheOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	var first string
	for second := range 4 {
		at := time.Date(2020, 1, 1, 0, 0, second, 0, time.UTC)
		rotatedAt(t, path, at, ".ndjson")
		name := filepath.Join(filepath.Dir(path), "n-"+at.Format("20060102T150405.000000000Z")+".ndjson")
		if second%2 == 0 {
			require.NoError(t, os.MkdirAll(name+".gz/full", 0o700))
		}
		if first == "" {
			first = name
		}
	}
	f, err := sink.OpenNDJSON[int](path, sink.WithGzip())
	require.NoError(t, err)
	var failure *sink.FileError
	require.ErrorAs(t, f.Close(), &failure)
	assert.Equal(t, "compress", failure.Op)
	assert.Equal(t, first, failure.Path)
	compressed := 0
	for _, name := range files(t, path) {
		info, err := os.Stat(filepath.Join(filepath.Dir(path), name))
		require.NoError(t, err)
		if strings.HasSuffix(name, ".gz") && !info.IsDir() {
			compressed++
		}
	}
	assert.Equal(t, 2, compressed)
}

// A rotated file stays until the compressed one is on the disk.
func TestFileStaysUntilItsCompressedFormIsSynced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	rotatedAt(t, path, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), ".ndjson")
	disk := &sink.Disk{}
	disk.Fail(errGone)
	f, err := sink.OpenNDJSON[int](path, sink.WithGzip(), sink.WithDisk(disk))
	require.NoError(t, err)
	require.ErrorIs(t, f.Close(), errGone)
	assert.Equal(t, []string{"n-20200101T000000.000000000Z.ndjson", "n.ndjson"}, files(t, path))
}

// The names of rotated files need no extension.
func TestFileWithoutAnExtension(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(2), sink.WithKeep(1, 0))
	require.NoError(t, err)
	require.NoError(t, f.Append([]int{1, 2, 3}))
	require.NoError(t, f.Close())
	names := files(t, path)
	require.Len(t, names, 2, "%q", names)
	assert.Equal(t, "2\n", content(t, filepath.Join(filepath.Dir(path), names[1])))
	assert.Equal(t, "3\n", content(t, path))
}
