package sink_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
)

func TestFileRecoversATornRecord(t *testing.T) {
	long := `"` + strings.Repeat("x", 200_000) + `"`
	for _, c := range []struct{ name, before, after string }{
		{"empty", "", ""},
		{"whole", "1\n2\n", "1\n2\n"},
		{"torn", "1\n2\n{\"a\":", "1\n2\n"},
		{"a number, which may be torn", "1\n2\n34", "1\n2\n"},
		{"torn at the first", `{"a": [1, 2`, ""},
		{"torn at a long one", "1\n" + long[:150_000], "1\n"},
		{"torn in a character", "1\n\"\xe2\x82", "1\n"},
		{"after a long one", long + "\n" + long[:70_000], long + "\n"},

		{"a line feed is missing", "1\n{\"a\": 2}", "1\n{\"a\": 2}\n"},
		{"a file of one line without a line feed", `{"a": 1}`, `{"a": 1}` + "\n"},
		{"a long one without a line feed", long, long + "\n"},
		{"a literal without a line feed", "1\nnull", "1\nnull\n"},
		{"without a line feed, and NULs", "1\ntrue\x00\x00", "1\ntrue\n"},

		{"NULs", "1\n2\n\x00\x00\x00\x00", "1\n2\n"},
		{"many NULs", "1\n2\n" + strings.Repeat("\x00", 200_000), "1\n2\n"},
		{"NULs after one byte of a block", "1\n" + strings.Repeat("\x00", 64<<10-1), "1\n"},
		{"nothing but NULs", strings.Repeat("\x00", 4096), ""},
		{"torn, and NULs", "1\n{\"a\":\x00\x00", "1\n"},
		{"torn at the first, and NULs", "{\"a\":\x00\x00", ""},
		{"a block lost in the last record", "1\n{\"a\": \x00\x00\x002}\n", "1\n"},
		{"a block lost in a record with tabs", "1\n{\"a\":\t\x00\x00}\n", "1\n"},
		{"a name twice", `{"a":1,"a":2}` + "\n", `{"a":1,"a":2}` + "\n"},
		{"invalid UTF-8", "\"\xff\"\n", "\"\xff\"\n"},
		{"blocks lost in several records", "1\n{\"a\"\x00\n\x00\x003\n\x00\x00\"x", "1\n"},
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
		{"NULs", "data: 1\n\n\x00\x00", "data: 1\n\n"},
		{"a NUL that belongs there", "data: 1\n\ndata: \x00\n\n", "data: 1\n\ndata: \x00\n\n"},
		{"a block lost in the last event", "data: 1\n\n\x00\x00\x00: 2\nid: 2\n\n", "data: 1\n\n"},
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

// Files are read backwards in blocks of 64 KiB. The end of the last whole event may span
// two of them.
func TestFileRecoversAcrossBlocks(t *testing.T) {
	for n := range 5 {
		path := filepath.Join(t.TempDir(), "x.sse")
		torn := "data: " + strings.Repeat("x", 64<<10-9+n)
		require.NoError(t, os.WriteFile(path, []byte("data: 1\n\n"+torn), 0o600))
		f, err := sink.OpenEvents(path)
		require.NoError(t, err, n)
		require.NoError(t, f.Close())
		assert.Equal(t, "data: 1\n\n", content(t, path))
	}
}

// A file that another program wrote is not changed.
func TestFileLeavesForeignFilesAlone(t *testing.T) {
	for _, text := range []string{"Dear diary,", "Dear diary,\ntoday", "a,b\n1,2\n", "[1,\n2]\n", "1\nDear diary", "\x00\x00Dear diary,\n"} {
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

// A binary file with a line that is JSON, and NULs.
func TestFileLeavesBinaryFilesAlone(t *testing.T) {
	text := "\x7fELF\x02\x01\x00\x00\n1\n\x01\x02\x00\x00\x7f\n\x00\x00"
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	_, err := sink.OpenNDJSON[int](path)
	require.ErrorIs(t, err, sink.ErrForeignFile)
	assert.Equal(t, text, content(t, path))
}

func TestFileRefusesWhatIsNoFile(t *testing.T) {
	_, err := sink.OpenNDJSON[int](t.TempDir())
	require.Error(t, err)
	_, err = sink.OpenNDJSON[int](os.DevNull)
	require.ErrorContains(t, err, "not a regular file")
}

func TestFileLeavesForeignFilesAloneThatLookAlike(t *testing.T) {
	for _, text := range []string{
		"id: 7\nname: important\npassword: x\n",
		"data:\n  - a\n  - b\n",
		"event: wedding\nguests: 200\n",
		"data: 1\r\n\r\ndata: 2\r\n\r\n", // a stream of another program
		"data: 1\n\n\n\n",
		"data: 1\n\nda\n\n",        // whole, and no field
		"data: 1\n\nev\ndata: 2\n", // only the last line may be torn
		": a comment in another language\nfoo\n",
		"data: " + strings.Repeat("long ", 10_000) + "\r\n",
		"data: " + strings.Repeat("x", 4096-len("data: ")) + "\r\n",
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
