package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-url" { // as the demonstration's child
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestNothingIsLost(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"-kills", "3"}))
	assert.Regexp(t, `(?s)^run 1: killed, .*run 4: done, .*readings: 2000  lost: 0  written twice: \d+\n$`, out.String())
}

// The second run gets the readings after the first one's last reading.
func TestGoesOnWhereItStopped(t *testing.T) {
	dir := t.TempDir()
	var asked []string
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		asked = append(asked, c.LastEventID())
		switch c.N {
		case 1:
			c.Send(codec.Event{ID: "a", Data: "1"}, codec.Event{ID: "b", Data: "2"})
			c.Drop()
		default:
			c.Answer(204, "")
		}
	})
	defer server.Close()
	for range 2 {
		require.NoError(t, run(t.Context(), io.Discard, []string{"-url", server.URL(), "-dir", dir}))
	}
	assert.Equal(t, []string{"", "b", "b"}, asked)
	readings, err := read(filepath.Join(dir, readingsFile))
	require.NoError(t, err)
	assert.Equal(t, []Reading{{Type: "message", ID: "a", Value: 1}, {Type: "message", ID: "b", Value: 2}}, readings)
}

func TestInterrupt(t *testing.T) {
	for _, args := range [][]string{nil, {"-url", "http://127.0.0.1:1", "-dir", t.TempDir()}} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		var out strings.Builder
		assert.NoError(t, run(ctx, &out, args), "it is a clean end")
		assert.Contains(t, out.String(), "interrupted")
		cancel()
	}
}

func TestBadInput(t *testing.T) {
	for want, args := range map[string][]string{
		`unexpected argument "x"; see -help`:                            {"x"},
		"-kills must not be negative, got -1":                           {"-kills", "-1"},
		"not a directory":                                               {"-url", "http://127.0.0.1:1", "-dir", "main.go/data"},
		"source: GET ftp://x: the request cannot be sent: unusable URL": {"-url", "ftp://x", "-dir", t.TempDir()},
	} {
		assert.ErrorContains(t, run(t.Context(), io.Discard, args), want)
	}
	assert.ErrorIs(t, run(t.Context(), io.Discard, []string{"-help"}), flag.ErrHelp)
}
