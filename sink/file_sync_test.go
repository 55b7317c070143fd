package sink_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
)

func openNumbers(t *testing.T, opts ...sink.FileOption) (*sink.File[int], *sink.Disk) {
	t.Helper()
	disk := &sink.Disk{}
	f, err := sink.OpenNDJSON[int](filepath.Join(t.TempDir(), "n.ndjson"), append(opts, sink.WithDisk(disk))...)
	require.NoError(t, err)
	return f, disk
}

// syncedAfter appends batches of the given sizes and returns how many items are on the disk
// after each.
func syncedAfter(t *testing.T, f *sink.File[int], disk *sink.Disk, batches ...int) (counts []int) {
	t.Helper()
	for _, n := range batches {
		require.NoError(t, f.Append(make([]int, n)))
		counts = append(counts, onDisk(disk))
	}
	return counts
}

// onDisk returns how many items survive a power failure.
func onDisk(disk *sink.Disk) int { return strings.Count(disk.Content(), "\n") }

func TestFileSyncsEachCall(t *testing.T) {
	f, disk := openNumbers(t)
	assert.Equal(t, []int{1, 6, 7}, syncedAfter(t, f, disk, 1, 5, 1))
	assert.Equal(t, 3, disk.Syncs())
	require.NoError(t, f.Append(nil))
	assert.Equal(t, 3, disk.Syncs(), "nothing to sync")
	require.NoError(t, f.Close())
}

func TestFileSyncsEachInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, disk := openNumbers(t, sink.WithSyncInterval(time.Second))
		assert.Equal(t, []int{0, 0}, syncedAfter(t, f, disk, 1, 100))
		time.Sleep(time.Second - 1)
		synctest.Wait()
		assert.Equal(t, 0, onDisk(disk))
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Equal(t, 101, onDisk(disk), "though nothing more was written")
		time.Sleep(time.Hour)
		assert.Equal(t, []int{101}, syncedAfter(t, f, disk, 1))
		require.NoError(t, f.Sync())
		assert.Equal(t, 102, onDisk(disk))
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, 2, disk.Syncs(), "Sync stops the timer")
		assert.Equal(t, []int{102}, syncedAfter(t, f, disk, 1))
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, 103, onDisk(disk), "the next item starts it again")
		assert.Equal(t, []int{103}, syncedAfter(t, f, disk, 1))
		require.NoError(t, f.Close())
		assert.Equal(t, 104, onDisk(disk), "Close syncs")
		time.Sleep(time.Hour)
		assert.Equal(t, 4, disk.Syncs(), "and stops the timer")
	})
}

// After a failed sync the state of the disk is unknown, so every later call fails.
func TestFileThatCannotSyncFailsFromThenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, disk := openNumbers(t, sink.WithSyncInterval(time.Second))
		require.NoError(t, f.AppendOne(1))
		disk.Fail(errGone)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		disk.Fail(nil)
		err := f.AppendOne(2)
		var failure *sink.FileError
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, "sync", failure.Op)
		require.ErrorIs(t, err, errGone)
		assert.Equal(t, err, f.Append(nil))
		assert.Equal(t, err, f.Sync())
		assert.Equal(t, err, f.Close())
	})
}

// A sync on the timer fails, and no call follows: Close returns the error.
func TestFileCloseReturnsTheErrorOfASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, disk := openNumbers(t, sink.WithSyncInterval(time.Second))
		require.NoError(t, f.AppendOne(1))
		disk.Fail(errGone)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.ErrorIs(t, f.Close(), errGone)
	})
}
