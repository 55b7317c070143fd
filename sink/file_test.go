package sink_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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
	f, err = sink.OpenEvents(path)
	require.NoError(t, err, "it is one of ours")
	require.NoError(t, f.Close())
}

func TestFileErrorsNameTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "x.ndjson")
	_, err := sink.OpenNDJSON[int](path)
	require.ErrorIs(t, err, os.ErrNotExist)
	var failure *sink.FileError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "open", failure.Op)
	assert.Equal(t, path, failure.Path)
	assert.Equal(t, 1, strings.Count(err.Error(), path), "the path stands once in %q", err)
}

// An item that cannot be encoded harms neither earlier nor later items.
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

// A fragile value panics while it is encoded.
type fragile struct {
	A     int
	Break breaks
}

type breaks bool

func (b breaks) MarshalJSON() ([]byte, error) {
	if b {
		panic("boom")
	}
	return []byte("false"), nil
}

// The panic reaches the caller. Items written after it are whole, and still there when the
// file is opened again.
func TestFileAfterAPanicOfAnItem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ndjson")
	f, err := sink.OpenNDJSON[fragile](path)
	require.NoError(t, err)
	require.NoError(t, f.AppendOne(fragile{A: 1}))
	assert.PanicsWithValue(t, "boom", func() { _ = f.Append([]fragile{{A: 2}, {A: 3, Break: true}}) })
	require.NoError(t, f.Append([]fragile{{A: 4}, {A: 5}}))
	require.NoError(t, f.Close())
	want := `{"A":1,"Break":false}` + "\n" + `{"A":4,"Break":false}` + "\n" + `{"A":5,"Break":false}` + "\n"
	assert.Equal(t, want, content(t, path), "of the call that panicked, nothing")
	f, err = sink.OpenNDJSON[fragile](path)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Equal(t, want, content(t, path))
}

func TestFileWithJSONOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ndjson")
	f, err := sink.OpenNDJSON[map[string]int](path, sink.WithJSON(json.Deterministic(true), json.StringifyNumbers(true), jsontext.WithIndent(" ")))
	require.NoError(t, err)
	require.NoError(t, f.AppendOne(map[string]int{"b": 1, "a": 2}))
	require.NoError(t, f.Close())
	assert.Equal(t, `{"a":"2","b":"1"}`+"\n", content(t, path))
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
		"sink: WithSyncInterval: d must be positive, got 0s":                        func() { sink.WithSyncInterval(0) },
		"sink: WithRotateSize: bytes must be positive, got -1":                      func() { sink.WithRotateSize(-1) },
		"sink: WithRotateEvery: d must be positive, got -1ns":                       func() { sink.WithRotateEvery(-1) },
		"sink: WithKeep: n or d must be positive and none negative, got 0 and 0s":   func() { sink.WithKeep(0, 0) },
		"sink: WithKeep: n or d must be positive and none negative, got -1 and 1ns": func() { sink.WithKeep(-1, 1) },
		"sink: WithKeep: n or d must be positive and none negative, got 1 and -1ns": func() { sink.WithKeep(1, -1) },
	} {
		assert.PanicsWithValue(t, want, build)
	}
}

func TestFileAtARelativePathStaysWhereItIs(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	t.Chdir(here)
	f, err := sink.OpenNDJSON[int]("n.ndjson", sink.WithRotateSize(4))
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
