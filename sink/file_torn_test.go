package sink_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
)

// A failed write that cannot be undone leaves a torn record. Nothing is written after it:
// the next call, or Close, removes it first.
func TestFileRemovesATornRecordLater(t *testing.T) {
	const torn = "a partial write cannot be removed yet: gone"
	path := filepath.Join(t.TempDir(), "n.ndjson")
	disk := &sink.Disk{}
	f, err := sink.OpenNDJSON[int](path, sink.WithDisk(disk))
	require.NoError(t, err)
	require.NoError(t, f.AppendOne(100))
	disk.Tear(errGone, 2)
	require.ErrorContains(t, f.AppendOne(200), torn)
	require.Equal(t, "100\n20", content(t, path))
	require.ErrorContains(t, f.AppendOne(300), torn)
	require.ErrorContains(t, f.Sync(), torn)
	assert.Equal(t, "100\n20", content(t, path), "nothing is written behind it")
	disk.Tear(nil, 0)
	require.NoError(t, f.AppendOne(400))
	assert.Equal(t, "100\n400\n", content(t, path))

	disk.Tear(errGone, 2)
	require.ErrorIs(t, f.AppendOne(500), errGone)
	disk.Tear(nil, 0)
	require.NoError(t, f.Close())
	assert.Equal(t, "100\n400\n", content(t, path), "Close removes it, too")
}

// A torn record that cannot be removed at the end is not a change by another program.
func TestFileClosesWithATornRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	disk := &sink.Disk{}
	f, err := sink.OpenNDJSON[int](path, sink.WithDisk(disk))
	require.NoError(t, err)
	disk.Tear(errGone, 2)
	require.ErrorIs(t, f.AppendOne(200), errGone)
	err = f.Close()
	require.ErrorIs(t, err, errGone)
	require.NotErrorIs(t, err, sink.ErrFileChanged)
	f, err = sink.OpenNDJSON[int](path)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Empty(t, content(t, path), "it is removed when the file is opened again")
}

// Another program cuts the file while a torn record waits to be removed.
func TestFileIsCutWhileItIsTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	disk := &sink.Disk{}
	f, err := sink.OpenNDJSON[int](path, sink.WithDisk(disk))
	require.NoError(t, err)
	require.NoError(t, f.AppendOne(100))
	disk.Tear(errGone, 2)
	require.ErrorIs(t, f.AppendOne(200), errGone)
	disk.Tear(nil, 0)
	require.NoError(t, os.Truncate(path, 1))
	require.ErrorIs(t, f.AppendOne(300), sink.ErrFileChanged)
	assert.Equal(t, "1", content(t, path), "it is not extended")
	require.ErrorIs(t, f.Close(), sink.ErrFileChanged)
}

// A write that fails before it has written anything leaves nothing to remove.
func TestFileAfterAWriteOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	disk := &sink.Disk{}
	f, err := sink.OpenNDJSON[int](path, sink.WithDisk(disk))
	require.NoError(t, err)
	require.NoError(t, f.AppendOne(100))
	disk.Tear(errGone, 0)
	require.ErrorIs(t, f.AppendOne(200), errGone)
	disk.Tear(nil, 0)
	require.NoError(t, f.AppendOne(300))
	require.NoError(t, f.Close())
	assert.Equal(t, "100\n300\n", content(t, path))
}

// Once a torn record is removed, what another program adds is noticed, and not removed.
func TestFileNoticesAChangeAfterATornRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ndjson")
	disk := &sink.Disk{}
	f, err := sink.OpenNDJSON[int](path, sink.WithDisk(disk))
	require.NoError(t, err)
	disk.Tear(errGone, 2)
	require.ErrorIs(t, f.AppendOne(200), errGone)
	disk.Tear(nil, 0)
	require.NoError(t, f.AppendOne(300))
	require.NoError(t, os.WriteFile(path, []byte("300\na note"), 0o600))
	require.ErrorIs(t, f.AppendOne(400), sink.ErrFileChanged)
	assert.Contains(t, content(t, path), "a note")
	require.ErrorIs(t, f.Close(), sink.ErrFileChanged)
}
