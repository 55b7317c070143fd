package source_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A brokenCheckpoint cannot be loaded.
type brokenCheckpoint struct{ source.MemoryCheckpoint }

func (*brokenCheckpoint) Load(context.Context) (string, error) { return "7", errGone }

func TestWithCheckpoint(t *testing.T) {
	within(t, ssetest.Replay(numbered(5)), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var checkpoint source.MemoryCheckpoint
		events := client.Observe(server.URL(), source.WithCheckpoint(&checkpoint), source.WithLastEventID("1"))

		for e, err := range events(t.Context()) {
			require.NoError(t, err)
			require.NoError(t, checkpoint.Save(t.Context(), e.ID))
			if e.ID == "3" {
				break
			}
		}
		assert.Equal(t, "1", server.Requests()[0].LastEventID, "while there is none, as the other option says")

		got, err := sink.Collect(t.Context(), events)
		require.NoError(t, err)
		assert.Equal(t, "event 4 event 5", data(got), "the same Observable goes on where the work was done")
		id, err := checkpoint.Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "3", id, "the source never saves")

		session, err := client.Open(t.Context(), server.URL(), source.WithCheckpoint(&checkpoint))
		require.NoError(t, err)
		defer session.Close()
		assert.Equal(t, "3", session.LastEventID())
	})
}

func TestCheckpointThatCannotBeLoaded(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		opt := source.WithCheckpoint(&brokenCheckpoint{})
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), opt))
		require.ErrorIs(t, err, source.ErrCheckpoint)
		require.ErrorIs(t, err, errGone)
		assert.EqualError(t, err, "source: GET http://ssetest.test: the checkpoint cannot be loaded: gone")
		_, err = client.Open(t.Context(), server.URL(), opt)
		require.ErrorIs(t, err, source.ErrCheckpoint)
		assert.Empty(t, server.Requests(), "it does not begin at another place")
	})
}

func TestFileCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "position")
	checkpoint := source.NewFileCheckpoint(path)
	id, err := checkpoint.Load(t.Context())
	require.NoError(t, err)
	assert.Empty(t, id, "there is no file")

	for _, want := range []string{"1", "", "\u2026 with\tspaces ", strings.Repeat("x", 1<<20), "2"} {
		require.NoError(t, checkpoint.Save(t.Context(), want))
		got, err := source.NewFileCheckpoint(path).Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, files, 1, "nothing is left beside it")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode(), "an ID may be secret")

	var failure *source.CheckpointError
	require.ErrorAs(t, checkpoint.Save(t.Context(), strings.Repeat("x", 1<<20+1)), &failure)
	assert.Equal(t, path, failure.Path)
	id, err = checkpoint.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "2", id, "what was saved before is still there")
}

// Whatever a file holds that Save has not written is an error, never an ID.
func TestFileCheckpointThatIsNone(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "position")
	checkpoint := source.NewFileCheckpoint(path)
	require.NoError(t, checkpoint.Save(t.Context(), "12345"))
	good, err := os.ReadFile(path)
	require.NoError(t, err)

	contents := map[string]string{
		"longer":       string(good) + "6",
		"a line more":  string(good) + "\n",
		"another ID":   strings.Replace(string(good), "12345", "12346", 1),
		"another one":  "port = 8080\n",
		"a bare ID":    "12345",
		"very long":    string(good) + strings.Repeat("x", 2<<20),
		"version 2":    strings.Replace(string(good), "checkpoint 1 ", "checkpoint 2 ", 1),
		"with a space": strings.Replace(string(good), "checkpoint 1 ", "checkpoint 1  ", 1),
	}
	for n := range good {
		contents["torn after "+strconv.Itoa(n)] = string(good[:n])
	}
	for name, content := range contents {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := checkpoint.Load(t.Context())
			var failure *source.CheckpointError
			require.ErrorAs(t, err, &failure)
			require.ErrorIs(t, err, source.ErrNotCheckpoint)
			assert.Equal(t, path, failure.Path)
			assert.NotContains(t, err.Error(), "8080", "it may be anything, also secret")
		})
	}
	t.Run("a file left by a crash", func(t *testing.T) {
		require.NoError(t, os.WriteFile(path, good, 0o600))
		require.NoError(t, os.WriteFile(path+".new", []byte("rxsse chec"), 0o600))
		id, err := checkpoint.Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "12345", id)
		require.NoError(t, checkpoint.Save(t.Context(), "6"), "it is written over")
		id, err = checkpoint.Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "6", id)
	})
	t.Run("no folder", func(t *testing.T) {
		nowhere := source.NewFileCheckpoint(filepath.Join(folder, "none", "position"))
		var failure *source.CheckpointError
		err := nowhere.Save(t.Context(), "1")
		require.ErrorAs(t, err, &failure)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("a folder in its place", func(t *testing.T) {
		require.NoError(t, os.Mkdir(path+".d", 0o700))
		taken := source.NewFileCheckpoint(path + ".d")
		var failure *source.CheckpointError
		require.ErrorAs(t, taken.Save(t.Context(), "1"), &failure)
		assert.NoFileExists(t, path+".d.new", "what could not be put in its place is removed")
		_, err := taken.Load(t.Context())
		require.ErrorAs(t, err, &failure)
	})
}

// A reader sees the old ID or the new one, never half of one.
func TestFileCheckpointWhileItIsSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "position")
	checkpoint := source.NewFileCheckpoint(path)
	var saving sync.WaitGroup
	for i := range 4 {
		saving.Go(func() {
			for range 10 {
				assert.NoError(t, checkpoint.Save(t.Context(), strings.Repeat(strconv.Itoa(i), 1+i*1000)))
			}
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); saving.Wait() }()
	for {
		id, err := checkpoint.Load(t.Context())
		require.NoError(t, err)
		if id != "" {
			assert.Contains(t, []int{1, 1001, 2001, 3001}, len(id))
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
