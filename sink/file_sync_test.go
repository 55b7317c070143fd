package sink

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func openNumbers(t *testing.T, opts ...FileOption) *File[int] {
	t.Helper()
	f, err := OpenNDJSON[int](filepath.Join(t.TempDir(), "n.ndjson"), opts...)
	require.NoError(t, err)
	return f
}

// unsyncedAfter returns how many items are not synced after each of the writes.
func unsyncedAfter(t *testing.T, f *File[int], batches ...int) (counts []int) {
	t.Helper()
	for _, n := range batches {
		require.NoError(t, f.Append(make([]int, n)))
		counts = append(counts, f.unsynced)
	}
	return counts
}

func TestFileSyncsEachCall(t *testing.T) {
	f := openNumbers(t)
	assert.Equal(t, []int{0, 0, 0}, unsyncedAfter(t, f, 1, 5, 1))
	require.NoError(t, f.Close())
}

func TestFileSyncsEveryNItems(t *testing.T) {
	f := openNumbers(t, WithSyncEvery(3))
	assert.Equal(t, []int{1, 2, 0, 2, 0, 0}, unsyncedAfter(t, f, 1, 1, 1, 2, 5, 3))
	require.NoError(t, f.Append([]int{1}))
	require.NoError(t, f.Close())
	assert.Zero(t, f.unsynced, "Close syncs")
}

// For Commit, whatever the options.
func TestFileAppendSync(t *testing.T) {
	for _, opt := range []FileOption{WithSyncEvery(100), WithSyncInterval(time.Hour)} {
		f := openNumbers(t, opt)
		require.NoError(t, f.AppendOne(1))
		assert.Equal(t, 1, f.unsynced)
		require.NoError(t, f.AppendSync([]int{2, 3}))
		assert.Equal(t, 0, f.unsynced)
		assert.Nil(t, f.syncing)
		require.NoError(t, f.AppendOne(4))
		require.NoError(t, f.AppendSync(nil))
		assert.Equal(t, 0, f.unsynced)
		require.NoError(t, f.Close())
	}
}

func TestFileSyncsEachInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := openNumbers(t, WithSyncInterval(time.Second))
		unsynced := func() int {
			synctest.Wait()
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.unsynced
		}
		assert.Equal(t, []int{1, 101}, unsyncedAfter(t, f, 1, 100))
		time.Sleep(time.Second - 1)
		assert.Equal(t, 101, unsynced())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, 0, unsynced(), "though nothing more was written")
		time.Sleep(time.Hour)
		assert.Equal(t, []int{1}, unsyncedAfter(t, f, 1))
		require.NoError(t, f.Sync())
		assert.Nil(t, f.syncing)
		assert.Equal(t, []int{1}, unsyncedAfter(t, f, 1))
		require.NoError(t, f.Close())
		time.Sleep(time.Hour)
	})
}

// After a failed sync nobody knows what is on the disk, so every later call fails.
func TestFileThatCannotSyncFailsFromThenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := openNumbers(t, WithSyncInterval(time.Second))
		require.NoError(t, f.AppendOne(1))
		require.NoError(t, f.file.Close())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		err := f.AppendOne(2)
		var failure *FileError
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, "sync", failure.Op)
		assert.Equal(t, err, f.Sync())
		assert.Error(t, f.Close())
	})
}

// A write that fails and cannot be undone leaves a torn record. It is removed before
// anything else is written.
func TestFileRemovesATornRecordLater(t *testing.T) {
	f := openNumbers(t)
	require.NoError(t, f.AppendOne(1))
	good := f.file
	readOnly, err := os.Open(f.path)
	require.NoError(t, err)
	f.file = readOnly
	err = f.AppendOne(2)
	require.ErrorContains(t, err, "a part that was written cannot be removed yet")
	require.ErrorContains(t, f.AppendOne(3), "a part that was written cannot be removed yet")
	require.Error(t, f.Sync())
	require.NoError(t, readOnly.Close())
	f.file = good
	_, err = f.file.WriteString("to")
	require.NoError(t, err)
	require.NoError(t, f.AppendOne(4))
	_, err = f.file.WriteString("rn")
	require.NoError(t, err)
	f.torn = true
	require.NoError(t, f.Close())
	text, err := os.ReadFile(f.path)
	require.NoError(t, err)
	assert.Equal(t, "1\n4\n", string(text))
}

func TestPeriods(t *testing.T) {
	o := fileOptions{rotateEvery: time.Hour}
	at := time.Date(2026, 11, 23, 15, 59, 59, 0, time.FixedZone("", 3600*5+1800))
	assert.Equal(t, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), o.periodOf(at))
	assert.Equal(t, time.Time{}, (&fileOptions{}).periodOf(at))
}

// A sync on the timer fails: Close returns the error.
func TestFileCloseReturnsTheErrorOfASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := openNumbers(t, WithSyncInterval(time.Second))
		require.NoError(t, f.AppendOne(1))
		r, w, err := os.Pipe() // which cannot be synced, but closed
		require.NoError(t, err)
		defer func() { assert.NoError(t, r.Close()) }()
		f.mu.Lock()
		require.NoError(t, f.file.Close())
		f.file = w
		f.mu.Unlock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.ErrorContains(t, f.Close(), "sink: sync ")
	})
}

func TestFileAtARelativePathStaysWhereItIs(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	t.Chdir(here)
	f, err := OpenNDJSON[int]("n.ndjson", WithRotateSize(4))
	require.NoError(t, err)
	require.NoError(t, f.Append([]int{1, 2}))
	require.NoError(t, os.WriteFile(filepath.Join(there, "n.ndjson"), []byte("another program's\n"), 0o600))
	t.Chdir(there)
	require.NoError(t, f.Append([]int{3, 4}))
	require.NoError(t, f.Close())
	text, err := os.ReadFile(filepath.Join(there, "n.ndjson"))
	require.NoError(t, err)
	assert.Equal(t, "another program's\n", string(text))
	text, err = os.ReadFile(filepath.Join(here, "n.ndjson"))
	require.NoError(t, err)
	assert.Equal(t, "3\n4\n", string(text))
}

// One file at a time is compressed, however many there are.
func TestFileCompressesOneAfterTheOther(t *testing.T) {
	folder := t.TempDir()
	now := time.Now().UTC()
	const files = 500
	for i := range files {
		name := "n-" + now.Add(time.Duration(i)).Format(rotationTime) + ".ndjson"
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("1\n"), 0o600))
	}
	before := runtime.NumGoroutine()
	f, err := OpenNDJSON[int](filepath.Join(folder, "n.ndjson"), WithGzip())
	require.NoError(t, err)
	assert.LessOrEqual(t, runtime.NumGoroutine(), before+1)
	require.NoError(t, f.Close())
	compressed, err := filepath.Glob(filepath.Join(folder, "*.gz"))
	require.NoError(t, err)
	assert.Len(t, compressed, files)
}

// A rotation that fails does not overwrite a file that another program has created.
func TestMoveBack(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	require.NoError(t, os.WriteFile(from, []byte("ours"), 0o600))
	require.NoError(t, os.WriteFile(to, []byte("another one"), 0o600))
	require.ErrorIs(t, moveBack(from, to), ErrFileChanged)
	text, err := os.ReadFile(to)
	require.NoError(t, err)
	assert.Equal(t, "another one", string(text))
	require.NoError(t, os.Remove(to))
	require.NoError(t, moveBack(from, to))
	assert.FileExists(t, to)
}
