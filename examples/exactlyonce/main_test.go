package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-child" { // started by the demonstration
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// A hundred kills change no row. With RXSSE_TEST_DSN the test also uses the PostgreSQL
// database of that URL, whose tables candles and pipelines it replaces.
func TestKillsChangeNoRow(t *testing.T) {
	databases := map[string]string{"SQLite": filepath.Join(t.TempDir(), "candles.db")}
	if dsn := os.Getenv("RXSSE_TEST_DSN"); dsn != "" {
		databases["PostgreSQL"] = dsn
	}
	for name, dsn := range databases {
		t.Run(name, func(t *testing.T) {
			kills := 100
			if testing.Short() {
				kills = 5
			}
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), nil, &out, []string{"-kills", strconv.Itoa(kills), "-trades", "60000", "-dsn", dsn}), out.String())
			var hits int
			_, line, _ := strings.Cut(out.String(), "\n")
			_, err := fmt.Sscanf(line, "killed %d times", &hits)
			require.NoError(t, err, out.String())
			assert.Greater(t, hits, kills/2, "the others came when the feed was at its end")
			assert.Regexp(t, `\ncandles: \d{5}  lost or wrong: 0  extra: 0\n$`, out.String())
			t.Log(out.String())
		})
	}
}

// The comparison detects a lost row, a wrong row, and an extra row.
func TestReport(t *testing.T) {
	calm := []string{"a", "b", "c"}
	for want, killed := range map[string][]string{
		"candles: 3  lost or wrong: 0  extra: 0\n": {"a", "b", "c"},
		"candles: 3  lost or wrong: 1  extra: 0\n": {"a", "c"},
		"candles: 3  lost or wrong: 1  extra: 1\n": {"a", "b2", "c"},
		"candles: 3  lost or wrong: 0  extra: 1\n": {"a", "b", "c", "d"},
	} {
		var out bytes.Buffer
		err := report(&out, killed, calm)
		assert.Equal(t, want, out.String())
		assert.Equal(t, len(killed) == 3 && killed[1] == "b", err == nil)
	}
}

// A repeated row is an error, and its transaction stores nothing.
func TestSaveIsOneTransaction(t *testing.T) {
	db, err := openStore(t.Context(), filepath.Join(t.TempDir(), "candles.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.close()) }()
	state, err := db.loadState(t.Context())
	require.NoError(t, err)
	assert.Empty(t, state)
	require.NoError(t, db.save(t.Context(), []Candle{{Symbol: "a"}}, []byte("1")))
	require.ErrorContains(t, db.save(t.Context(), []Candle{{Symbol: "b"}, {Symbol: "a"}}, []byte("2")), "insert the candle of a")
	state, err = db.loadState(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "1", string(state))
	rows, err := db.rows(t.Context())
	require.NoError(t, err)
	assert.Len(t, rows, 1)
}

func TestBadInput(t *testing.T) {
	for want, args := range map[string][]string{
		`unexpected argument "x"; see -help`:                        {"x"},
		"-kills must not be negative, and -trades must be positive": {"-kills", "-1"},
		"-url needs -dsn, the database for the candles":             {"-url", "http://127.0.0.1:1"},
		"create the tables: ":                                       {"-url", "http://127.0.0.1:1", "-dsn", filepath.Join(t.TempDir(), "missing", "x.db")},
	} {
		assert.ErrorContains(t, run(t.Context(), nil, &bytes.Buffer{}, args), want)
	}
	assert.ErrorIs(t, run(t.Context(), nil, &bytes.Buffer{}, []string{"-help"}), flag.ErrHelp)
}

// A signal is a clean end: of the demonstration, and of the program while it waits for
// trades or stores them.
func TestInterrupt(t *testing.T) {
	endless := newFeed(1_000_000, 1)
	endless.pace = time.Millisecond
	server := httptest.NewServer(endless)
	defer server.Close()
	url := []string{"-url", server.URL, "-dsn", filepath.Join(t.TempDir(), "candles.db")}
	for name, c := range map[string]struct {
		args []string
		at   string // the output at which the signal comes
		last string
	}{
		"demonstration":         {[]string{"-kills", "100"}, "seed", "interrupted\n"},
		"run without a kill":    {[]string{"-kills", "0"}, "seed", "interrupted\n"},
		"before the first save": {[]string{"-url", "http://127.0.0.1:1", "-dsn", url[3]}, "", "interrupted; run it again to continue\n"},
		"after a save":          {url, "stored", "interrupted; run it again to continue\n"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, interrupt := context.WithCancelCause(t.Context())
			signal := errors.New("signal")
			out := &watcher{want: c.at, found: func() { time.AfterFunc(50*time.Millisecond, func() { interrupt(signal) }) }}
			if c.at == "" {
				defer time.AfterFunc(100*time.Millisecond, out.found).Stop()
			}
			require.NoError(t, run(ctx, nil, out, c.args), out.text.String())
			assert.True(t, strings.HasSuffix(out.text.String(), c.last), out.text.String())
		})
	}
}

// A watcher keeps the output, and calls found when the output contains the wanted text.
type watcher struct {
	text  strings.Builder
	want  string
	found func()
}

func (w *watcher) Write(p []byte) (int, error) {
	w.text.Write(p)
	if w.want != "" && strings.Contains(w.text.String(), w.want) {
		w.found()
	}
	return len(p), nil
}
