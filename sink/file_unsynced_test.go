package sink_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// A savedAt records what is on the disk when a position is saved.
type savedAt struct {
	disk  *sink.Disk
	saves map[string]string
}

func (s *savedAt) Save(_ context.Context, id string) error {
	s.saves[id] = s.disk.Content()
	return nil
}

// Whatever the options of a File, no saved position is ahead of what a power failure leaves
// of the File.
func TestCommitSavesNoPositionAheadOfAFile(t *testing.T) {
	for options, opt := range map[string]sink.FileOption{
		"every call":   sink.WithGzip(),
		"interval":     sink.WithSyncInterval(time.Hour),
		"all rotating": sink.WithRotateSize(1 << 20),
	} {
		for how, work := range map[string]func(*sink.File[codec.Event]) func([]codec.Event) error{
			"Append": func(f *sink.File[codec.Event]) func([]codec.Event) error { return f.Append },
			"AppendOne in a closure": func(f *sink.File[codec.Event]) func([]codec.Event) error {
				return func(events []codec.Event) error {
					for _, e := range events {
						if err := f.AppendOne(e); err != nil {
							return err
						}
					}
					return nil
				}
			},
			"Append on another goroutine": func(f *sink.File[codec.Event]) func([]codec.Event) error {
				return func(events []codec.Event) error {
					done := make(chan error)
					go func() { done <- f.Append(events) }()
					return <-done
				}
			},
		} {
			t.Run(options+"/"+how, func(t *testing.T) {
				disk := &sink.Disk{}
				f, err := sink.OpenEvents(filepath.Join(t.TempDir(), "x.sse"), opt, sink.WithDisk(disk))
				require.NoError(t, err)
				saved := &savedAt{disk, map[string]string{}}
				events := eventsOf(idsFrom(1, 20))
				require.NoError(t, sink.Commit(t.Context(), just(events...), work(f), saved))
				require.NoError(t, f.Close())
				require.Contains(t, saved.saves, "20")
				for id, text := range saved.saves {
					assert.Contains(t, text, wires(id))
				}
			})
		}
	}
}

// An item without a position is synced with the next position, though a later call of
// work wrote nothing.
func TestCommitSyncsTheWorkOfEarlierCalls(t *testing.T) {
	disk := &sink.Disk{}
	f, err := sink.OpenEvents(filepath.Join(t.TempDir(), "x.sse"), sink.WithSyncInterval(time.Hour), sink.WithDisk(disk))
	require.NoError(t, err)
	saved := &savedAt{disk, map[string]string{}}
	require.NoError(t, f.AppendOne(event("before")))
	require.NoError(t, sink.Commit(t.Context(), just(event("1")), func([]codec.Event) error { return nil }, saved))
	assert.Equal(t, map[string]string{"1": wires("before")}, saved.saves)
	require.NoError(t, f.Close())
}

// One sync suffices for a call of work, and a synced File is not synced again.
func TestCommitSyncsOnce(t *testing.T) {
	disk := &sink.Disk{}
	f, err := sink.OpenEvents(filepath.Join(t.TempDir(), "x.sse"), sink.WithSyncInterval(time.Hour), sink.WithDisk(disk))
	require.NoError(t, err)
	calls := 0
	err = sink.Commit(t.Context(), just(eventsOf(idsFrom(1, 100))...), func(events []codec.Event) error {
		calls++
		for _, e := range events {
			if err := f.AppendOne(e); err != nil {
				return err
			}
		}
		return nil
	}, &recorder{})
	require.NoError(t, err)
	assert.Equal(t, calls, disk.Syncs())
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
	assert.Equal(t, calls, disk.Syncs())
}

// A File that cannot be synced prevents Commit from saving, until the File is closed.
func TestCommitReturnsTheErrorOfASync(t *testing.T) {
	disk := &sink.Disk{}
	path := filepath.Join(t.TempDir(), "x.sse")
	f, err := sink.OpenEvents(path, sink.WithSyncInterval(time.Hour), sink.WithDisk(disk))
	require.NoError(t, err)
	disk.Fail(errGone)
	var saved recorder
	err = sink.Commit(t.Context(), just(event("1")), f.Append, &saved)
	require.ErrorIs(t, err, errGone)
	assert.EqualError(t, err, `sink: Commit: the work up to event "1" is done, but its position is not saved: sink: sync `+path+`: gone`)
	disk.Fail(nil) // the system has dropped unwritten data
	nothing := func([]codec.Event) error { return nil }
	require.ErrorIs(t, sink.Commit(t.Context(), just(event("2")), nothing, &saved), errGone, "and again")
	assert.Empty(t, saved.saved)
	require.ErrorIs(t, f.Close(), errGone)
	require.NoError(t, sink.Commit(t.Context(), just(event("3")), nothing, &saved))
	assert.Equal(t, []string{"3"}, saved.saved)
}

// Files that are synced, or closed, are forgotten.
func TestClosedFilesAreNotSynced(t *testing.T) {
	disk := &sink.Disk{}
	f, err := sink.OpenEvents(filepath.Join(t.TempDir(), "x.sse"), sink.WithSyncInterval(time.Hour), sink.WithDisk(disk))
	require.NoError(t, err)
	require.NoError(t, f.AppendOne(event("1")))
	require.NoError(t, f.Close())
	assert.Equal(t, wires("1"), disk.Content())
	disk.Fail(errGone)
	var saved recorder
	require.NoError(t, sink.Commit(t.Context(), just(event("2")), func([]codec.Event) error { return nil }, &saved))
	assert.Equal(t, []string{"2"}, strings.Fields(strings.Join(saved.saved, " ")))
}
