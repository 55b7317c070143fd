package sink

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPeriods(t *testing.T) {
	o := fileOptions{rotateEvery: time.Hour}
	at := time.Date(2026, 11, 23, 15, 59, 59, 0, time.FixedZone("", 3600*5+1800))
	assert.Equal(t, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), o.periodOf(at))
	assert.Equal(t, time.Time{}, (&fileOptions{}).periodOf(at))
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
	f, err := OpenNDJSON[int](filepath.Join(folder, "n.ndjson"), WithGzip())
	require.NoError(t, err)
	for range 10 {
		f.tidier.start() // as rotations do
	}
	assert.LessOrEqual(t, strings.Count(allStacks(), "sink.(*tidier).run("), 1)
	require.NoError(t, f.Close())
	compressed, err := filepath.Glob(filepath.Join(folder, "*.gz"))
	require.NoError(t, err)
	assert.Len(t, compressed, files)
}

func allStacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
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
