package main

import (
	"bytes"
	"context"
	"flag"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/jetstream/internal/cluster"
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

// The help text fits a terminal of 80 columns.
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

// A member that is killed fails before it is cancelled, and does not start again.
func TestKilledMemberDoesNotStartAgain(t *testing.T) {
	servers, err := cluster.Start(t.TempDir(), 1)
	require.NoError(t, err)
	defer func() { assert.NoError(t, servers.Stop()) }()
	var out bytes.Buffer
	d := &demonstration{url: servers.URL(), members: map[string]*member{}, out: &out}
	running := make(chan struct{})
	begun := sync.OnceFunc(func() { close(running) })
	require.NoError(t, d.startMember(t.Context(), "node", func(ctx context.Context, js natsjs.JetStream, _ string) error {
		closed := js.Conn().StatusChanged(nats.CLOSED)
		begun()
		select {
		case <-closed:
			return nats.ErrConnectionClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
	<-running
	m := d.members["node"]
	leave := m.leave
	m.leave = func() { // it has failed and ended before end cancels it
		leave()
		select {
		case <-m.done:
		case <-time.After(10 * time.Second):
			t.Error("it did not end")
		}
	}
	m.end()
	assert.Empty(t, out.String())
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
