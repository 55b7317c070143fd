package sink_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// A tightListener has connections that buffer little, so that a write waits until the
// client reads.
type tightListener struct{ net.Listener }

func (l tightListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if unix, ok := conn.(*net.UnixConn); ok {
		_ = unix.SetWriteBuffer(4 << 10)
	}
	return conn, err
}

// A process without CPU time does not mistake clients for slow ones: each write below waits
// for a client that reads at once, but shares its CPU with loops that keep it busy for far
// more than 50 ms.
func TestClientsOfAProcessWithoutProcessorTime(t *testing.T) {
	const clients, events, loops = 8, 8, 8
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b := sink.NewBroadcaster(sink.WithHistory(2, 1<<20))
	server := httptest.NewUnstartedServer(b)
	require.NoError(t, server.Listener.Close())
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
	require.NoError(t, err)
	server.Listener = tightListener{listener}
	server.Start()
	defer server.Close()
	var readers sync.WaitGroup
	var read atomic.Int64
	for range clients {
		conn, err := net.Dial("unix", listener.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		readers.Go(func() {
			defer func() { _ = conn.Close() }() // it was only read
			defer response.Body.Close()
			for _, err := range codec.NewDecoder(response.Body).Events() {
				if err == nil {
					read.Add(1)
				}
			}
		})
	}
	busy, stop := context.WithCancel(t.Context())
	var spinning sync.WaitGroup
	for range loops {
		spinning.Go(func() {
			for busy.Err() == nil {
			}
		})
	}
	data := strings.Repeat("x", 6_000)
	for range events {
		require.NoError(t, b.Send(t.Context(), codec.Event{Data: data}))
	}
	stop()
	spinning.Wait()
	require.NoError(t, b.Shutdown(t.Context()))
	readers.Wait()
	assert.Equal(t, map[sink.LeaveReason]int64{sink.LeftEnded: clients}, b.Stats().Left)
	assert.EqualValues(t, clients*events, read.Load())
}
