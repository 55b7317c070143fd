package main

import (
	"bytes"
	"context"
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// Two kinds of goroutines of the embedded server end some time after it has shut down.
func TestMain(m *testing.M) {
	const server = "github.com/nats-io/nats-server/v2/server"
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(server+".(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreAnyFunction(server+"/ats.Register.func1"))
}

func TestNothingIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("three servers take their time")
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"-trades", "2000"}), out.String())
	assert.Contains(t, out.String(), "log: 2000 events, 0 lost, 0 out of place\nworkers: 2000 trades counted, ")
}

func TestBadArguments(t *testing.T) {
	for want, args := range map[string][]string{
		`unexpected argument "x"; see -help`:                                                   {"x"},
		"-trades must be at least 1, got 0":                                                    {"-trades", "0"},
		"connect to NATS at nats://127.0.0.1:1,nats://127.0.0.1:2: nats: no servers available": {"-nats", "nats://user:secret@127.0.0.1:1,token@127.0.0.1:2"},
		"-nats must be a URL such as nats://127.0.0.1:4222: invalid port":                      {"-nats", "nats://user:secret@127.0.0.1:secret"},
	} {
		err := run(t.Context(), &bytes.Buffer{}, args)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "user", "credentials")
	}
}

// Help fits a terminal of 80 columns.
func TestHelpFitsATerminal(t *testing.T) {
	var help bytes.Buffer
	flags, _ := newFlags()
	flags.SetOutput(&help)
	require.ErrorIs(t, flags.Parse([]string{"-h"}), flag.ErrHelp)
	for line := range strings.Lines(help.String()) {
		assert.LessOrEqual(t, len(strings.ReplaceAll(line, "    \t", "        ")), 81, line)
	}
}

// Ctrl-C stops everything, and is no failure.
func TestInterruptIsNoFailure(t *testing.T) {
	if testing.Short() {
		t.Skip("three servers take their time")
	}
	ctx, interrupt := context.WithCancel(t.Context())
	out := &interrupting{on: "worker-1 has", interrupt: interrupt}
	require.NoError(t, run(ctx, out, nil))
	assert.Contains(t, out.String(), "interrupted: stopping everything")
}

// interrupting is an output that calls interrupt when something is printed.
type interrupting struct {
	bytes.Buffer

	on        string
	interrupt func()
}

func (w *interrupting) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.on)) {
		w.interrupt()
	}
	return w.Buffer.Write(p)
}
