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

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/sink"
)

func content(t *testing.T, path string) string {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(got)
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "numbers.ndjson")
	for round := range 2 { // it is appended to
		f, err := sink.OpenNDJSON[int](path)
		require.NoError(t, err)
		require.NoError(t, sink.ForEach(t.Context(), just(10*round+1, 10*round+2), f.AppendOne))
		require.NoError(t, f.Consume(t.Context(), just(10*round+3)))
		require.NoError(t, f.Append(nil))
		require.NoError(t, f.Sync())
		require.NoError(t, f.Close())
		require.NoError(t, f.Close(), "again")
		require.ErrorIs(t, f.AppendOne(1), sink.ErrClosed)
		require.ErrorIs(t, f.Sync(), sink.ErrClosed)
	}
	assert.Equal(t, "1\n2\n3\n11\n12\n13\n", content(t, path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestFileOfEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.sse")
	f, err := sink.OpenEvents(path)
	require.NoError(t, err)
	want := []codec.Event{{Type: "message", Data: "a\n\nb", ID: "1"}, {Type: "end", ID: "2"}}
	require.NoError(t, f.Append(want))
	require.NoError(t, f.Close())
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	var got []codec.Event
	for e, err := range codec.NewDecoder(file).Events() {
		require.NoError(t, err)
		got = append(got, e)
	}
	assert.Equal(t, want, got)
	_, err = sink.OpenEvents(path)
	require.NoError(t, err, "it is one of ours")
}

func TestFileErrorsNameTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "x.ndjson")
	_, err := sink.OpenNDJSON[int](path)
	require.ErrorIs(t, err, os.ErrNotExist)
	var failure *sink.FileError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "open", failure.Op)
	assert.Equal(t, path, failure.Path)
}

// An item that cannot be encoded takes those before it and after it not with it.
func TestFileRefusesAnItemAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.sse")
	f, err := sink.OpenEvents(path)
	require.NoError(t, err)
	err = f.Append([]codec.Event{{Type: "message", Data: "good"}, {Type: "bad\n"}, {Type: "message", Data: "not reached"}})
	require.ErrorContains(t, err, "sink: encode an item for "+path)
	require.NoError(t, f.AppendOne(codec.Event{Type: "message", Data: "later"}))
	require.NoError(t, f.Close())
	assert.Equal(t, "data: good\n\ndata: later\n\n", content(t, path))
}

func TestFileRecoversATornRecord(t *testing.T) {
	long := `"` + strings.Repeat("x", 200_000) + `"`
	for _, c := range []struct{ name, before, after string }{
		{"empty", "", ""},
		{"whole", "1\n2\n", "1\n2\n"},
		{"torn", "1\n2\n{\"a\":", "1\n2\n"},
		{"torn, and looks whole", "1\n2\n34", "1\n2\n"},
		{"torn at the first", `{"a": [1, 2`, ""},
		{"torn at a long one", "1\n" + long[:150_000], "1\n"},
		{"after a long one", long + "\n" + long[:70_000], long + "\n"},
		{"what the disk made of it", "1\n2\n\x00\x00\x00\x00", "1\n2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.ndjson")
			require.NoError(t, os.WriteFile(path, []byte(c.before), 0o600))
			f, err := sink.OpenNDJSON[int](path)
			require.NoError(t, err)
			require.NoError(t, f.AppendOne(7))
			require.NoError(t, f.Close())
			assert.Equal(t, c.after+"7\n", content(t, path))
		})
	}
	for _, c := range []struct{ name, before, after string }{
		{"whole", "data: 1\n\n", "data: 1\n\n"},
		{"torn", "data: 1\n\nid: 2\ndata: 2\n", "data: 1\n\n"},
		{"torn at the first", "id: 1\nda", ""},
		{"torn at once", "i", ""},
	} {
		t.Run("event/"+c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.sse")
			require.NoError(t, os.WriteFile(path, []byte(c.before), 0o600))
			f, err := sink.OpenEvents(path)
			require.NoError(t, err)
			require.NoError(t, f.Close())
			assert.Equal(t, c.after, content(t, path))
		})
	}
}

// A file that somebody else wrote is not touched.
func TestFileLeavesForeignFilesAlone(t *testing.T) {
	for _, text := range []string{"Dear diary,", "Dear diary,\ntoday", "a,b\n1,2\n", "[1,\n2]\n"} {
		path := filepath.Join(t.TempDir(), "x")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := sink.OpenNDJSON[int](path)
		require.ErrorIs(t, err, sink.ErrForeignFile, "%q", text)
		assert.ErrorContains(t, err, path)
		_, err = sink.OpenEvents(path)
		require.ErrorIs(t, err, sink.ErrForeignFile, "%q", text)
		assert.Equal(t, text, content(t, path))
	}
}

// Files that begin as ours do.
func TestFileLeavesForeignFilesAloneThatLookAlike(t *testing.T) {
	for _, text := range []string{
		"id: 7\nname: important\npassword: x\n",
		"data:\n  - a\n  - b\n",
		"event: wedding\nguests: 200\n",
		"data: 1\r\n\r\ndata: 2\r\n\r\n", // a stream of another program
		": a comment in another language\nfoo\n",
		"data: " + strings.Repeat("long ", 10_000) + "\r\n",
	} {
		path := filepath.Join(t.TempDir(), "x")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := sink.OpenEvents(path)
		require.ErrorIs(t, err, sink.ErrForeignFile, "%.40q", text)
		assert.Equal(t, text, content(t, path))
	}
	for _, text := range []string{
		"2024 was a good year", `"Dear diary", she wrote`, "1,2,3",
		`{"name":"package"}; module.exports = 1`, "12-03-2024 10:00 the log of another program",
	} {
		path := filepath.Join(t.TempDir(), "x")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := sink.OpenNDJSON[int](path)
		require.ErrorIs(t, err, sink.ErrForeignFile, "%q", text)
		assert.Equal(t, text, content(t, path))
	}
}

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

// rotated returns what the rotated files of path hold, in the order of their names.
func rotated(t *testing.T, path string) (contents []string) {
	t.Helper()
	ext := filepath.Ext(path)
	names, err := filepath.Glob(strings.TrimSuffix(path, ext) + "-*Z" + ext + "*")
	require.NoError(t, err)
	slices.Sort(names)
	for _, name := range names {
		if filepath.Ext(name) == ".new" {
			continue // of a compression that was cut short
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
		require.NoError(t, f.Close())
	})
	assert.Equal(t, []string{"0\n6\n12\n18\n"}, rotated(t, path), "no file for a day without items")
	assert.Equal(t, "48\n54\n", content(t, path))
}

// What a program wrote yesterday, before it was started again, is yesterday's.
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

func TestFileCompressesWhatIsRotated(t *testing.T) {
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

func TestFileTellsOfACompressionThatFailed(t *testing.T) {
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

func TestFileConsumesUntilTheStreamFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	synctest.Test(t, func(t *testing.T) {
		f, err := sink.OpenNDJSON[string](path, sink.WithSyncInterval(time.Hour))
		require.NoError(t, err)
		assert.Equal(t, marble.Err, sink.Tee(t.Context(), marble.Cold("a-b#"), f.Consume))
		require.NoError(t, f.Close())
	})
	assert.Equal(t, "\"a\"\n\"b\"\n", content(t, path))
}

func TestFileOptionsRefuse(t *testing.T) {
	for want, build := range map[string]func(){
		"sink: WithSyncEvery: n must be positive, got 0":       func() { sink.WithSyncEvery(0) },
		"sink: WithSyncInterval: d must be positive, got 0s":   func() { sink.WithSyncInterval(0) },
		"sink: WithRotateSize: bytes must be positive, got -1": func() { sink.WithRotateSize(-1) },
		"sink: WithRotateEvery: d must be positive, got -1ns":  func() { sink.WithRotateEvery(-1) },
	} {
		assert.PanicsWithValue(t, want, build)
	}
}
