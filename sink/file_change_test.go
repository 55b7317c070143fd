package sink_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

func TestFileIsOpenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ndjson")
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(path, link))
	f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(2))
	require.NoError(t, err)
	require.NoError(t, f.Append([]int{1, 2})) // the lock follows the path, not the rotated file
	for _, path := range []string{path, link} {
		_, err = sink.OpenNDJSON[int](path)
		require.ErrorIs(t, err, sink.ErrLocked)
	}
	require.ErrorContains(t, err, "sink: open "+path+": ")
	require.NoError(t, f.AppendOne(3))
	require.NoError(t, f.Close())
	f, err = sink.OpenNDJSON[int](path)
	require.NoError(t, err, "closing unlocks it")
	require.NoError(t, f.Close())
	assert.Equal(t, "3\n", content(t, path))
}

func TestFileThatCannotBeOpenedIsNotLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(path, []byte("data: 1\n\n"), 0o600))
	_, err := sink.OpenNDJSON[codec.Event](path)
	require.ErrorIs(t, err, sink.ErrForeignFile)
	f, err := sink.OpenEvents(path)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// The next call that syncs or rotates notices a change that another program has made to the
// file.
func TestFileNoticesWhatAnotherProgramDoes(t *testing.T) {
	write := func(t *testing.T, path, text string) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		require.NoError(t, err)
		_, err = file.WriteString(text)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	for name, do := range map[string]func(t *testing.T, path string){
		"removed": func(t *testing.T, path string) { t.Helper(); require.NoError(t, os.Remove(path)) },
		"renamed": func(t *testing.T, path string) { t.Helper(); require.NoError(t, os.Rename(path, path+".1")) },
		"replaced": func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.WriteFile(path+".2", []byte("1\n2\n"), 0o600))
			require.NoError(t, os.Rename(path+".2", path))
		},
		"cut":          func(t *testing.T, path string) { t.Helper(); require.NoError(t, os.Truncate(path, 2)) },
		"cut to empty": func(t *testing.T, path string) { t.Helper(); require.NoError(t, os.Truncate(path, 0)) },
		"extended":     func(t *testing.T, path string) { t.Helper(); write(t, path, "a note") },
	} {
		for call, next := range map[string]func(f *sink.File[int]) error{
			"the next call":     func(f *sink.File[int]) error { return f.AppendOne(3) },
			"the next rotation": func(f *sink.File[int]) error { return f.Append([]int{1000, 2000}) },
		} {
			t.Run(name+"/"+call, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "x.ndjson")
				f, err := sink.OpenNDJSON[int](path, sink.WithRotateSize(8))
				require.NoError(t, err)
				require.NoError(t, f.Append([]int{1, 2}))
				do(t, path)
				var before string
				if text, err := os.ReadFile(path); err == nil {
					before = string(text)
				}
				err = next(f)
				require.ErrorIs(t, err, sink.ErrFileChanged)
				assert.Equal(t, err, f.AppendOne(4), "from then on")
				assert.Equal(t, err, f.Close())
				if text, err := os.ReadFile(path); err == nil {
					assert.Contains(t, string(text), before, "nothing is removed from it")
				}
				assert.Empty(t, rotated(t, path))

				if name != "extended" {
					f, err = sink.OpenNDJSON[int](path)
					require.NoError(t, err, "and open it again")
					require.NoError(t, f.AppendOne(4))
					require.NoError(t, f.Close())
				}
			})
		}
	}
}
