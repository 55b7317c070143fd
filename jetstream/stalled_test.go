package jetstream_test

import (
	"bytes"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A stalledLink passes a client's connections to a server until it stalls: then nothing
// arrives, and neither end notices.
type stalledLink struct {
	url     string
	stalled sync.RWMutex // held for writing while it stalls
}

// startLink starts a link to the server at address. edit, if set, changes what the server
// sends.
func startLink(t *testing.T, address string, edit func([]byte) []byte) *stalledLink {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &stalledLink{url: "nats://" + listener.Addr().String()}
	var passing sync.WaitGroup
	pass := func(to, from net.Conn, edit func([]byte) []byte) {
		defer func() { _ = to.Close() }()
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			l.stalled.RLock()
			data := buffer[:n]
			if edit != nil {
				data = edit(data)
			}
			_, err = to.Write(data)
			l.stalled.RUnlock()
			if err != nil {
				return
			}
		}
	}
	passing.Go(func() { // until the listener is closed
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", address)
			if err != nil {
				_ = client.Close()
				return
			}
			passing.Go(func() { pass(server, client, nil) })
			passing.Go(func() { pass(client, server, edit) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		passing.Wait() // the clients have closed their connections
	})
	return l
}

func (l *stalledLink) stall() { l.stalled.Lock() }
func (l *stalledLink) pass()  { l.stalled.Unlock() }

// replaceOnce returns an edit that replaces the first occurrence of old.
func replaceOnce(old, now string) func([]byte) []byte {
	return func(data []byte) []byte { return bytes.Replace(data, []byte(old), []byte(now), 1) }
}
