package ssetest

import (
	"cmp"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inBubble runs a test of a connection in a bubble.
func inBubble(t *testing.T, test func(t *testing.T, client, server *end)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, server := newPipe(clientAddr, serverAddr)
		test(t, client, server)
		require.NoError(t, client.Close())
		require.NoError(t, server.Close())
	})
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	n, err := conn.Write([]byte(text))
	require.NoError(t, err)
	require.Equal(t, len(text), n)
}

func TestPipeBuffers(t *testing.T) {
	assert.Equal(t, 64<<10, bufferSize, "as NewMemoryServer says")
	inBubble(t, func(t *testing.T, client, server *end) {
		n, err := server.Write(make([]byte, bufferSize-1)) // returns though nobody reads
		require.NoError(t, err)
		require.Equal(t, bufferSize-1, n)
		send(t, server, "x")

		sent := false
		go func() {
			send(t, server, "more")
			sent = true
		}()
		synctest.Wait()
		assert.False(t, sent, "the writer waits while the buffer is full")
		_, err = io.ReadFull(client, make([]byte, bufferSize))
		require.NoError(t, err)
		synctest.Wait()
		assert.True(t, sent)
	})
}

func TestPipeKeepsPiecesApart(t *testing.T) {
	inBubble(t, func(t *testing.T, client, server *end) {
		send(t, server, "one")
		send(t, server, "two")
		var got []string
		for _, size := range []int{2, 10, 10} {
			buf := make([]byte, size)
			n, err := client.Read(buf)
			require.NoError(t, err)
			got = append(got, string(buf[:n]))
		}
		assert.Equal(t, []string{"on", "e", "two"}, got)
	})
}

func TestPipeReadsAndWritesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, client, server *end) {
		send(t, server, "")
		send(t, server, "x")
		n, err := client.Read(nil)
		require.NoError(t, err)
		assert.Zero(t, n)
		n, err = client.Read(make([]byte, 1))
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	})
}

func reset(e *end) error {
	_ = e.SetLinger(0)
	return e.Close()
}

func TestPipeEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end       func(*end) error
		readErr   error // what the other end reads after the sent data, nil for EOF
		writeErr  error // what its write returns, nil if the data still arrives
		ownRead   error // what a read of the closed end returns
		ownWrites error
	}{
		"Close":      {(*end).Close, nil, syscall.EPIPE, net.ErrClosed, net.ErrClosed},
		"CloseWrite": {(*end).CloseWrite, nil, nil, nil, net.ErrClosed},
		"reset":      {reset, syscall.ECONNRESET, syscall.ECONNRESET, net.ErrClosed, net.ErrClosed},
		"CloseWrite, then reset": {func(e *end) error {
			_ = e.CloseWrite()
			return reset(e)
		}, syscall.ECONNRESET, syscall.ECONNRESET, net.ErrClosed, net.ErrClosed},
		"reset, then CloseWrite": {func(e *end) error {
			_ = reset(e)
			return e.CloseWrite()
		}, syscall.ECONNRESET, syscall.ECONNRESET, net.ErrClosed, net.ErrClosed},
	} {
		check := func(t *testing.T, client, server *end) {
			t.Helper()
			send(t, server, "last words")
			require.NoError(t, c.end(server))

			got, err := io.ReadAll(client)
			assert.Equal(t, "last words", string(got), "what was sent before can be read")
			require.ErrorIs(t, err, c.readErr)
			_, err = client.Write([]byte("answer"))
			require.ErrorIs(t, err, c.writeErr)
			n, err := server.Read(make([]byte, 10))
			require.ErrorIs(t, err, c.ownRead)
			if err != nil {
				assert.Zero(t, n)
			}
			n, err = server.Write([]byte("more"))
			assert.Zero(t, n)
			require.ErrorIs(t, err, c.ownWrites)
		}
		t.Run(name, func(t *testing.T) {
			inBubble(t, check)
			inBubble(t, func(t *testing.T, client, server *end) { check(t, server, client) })
		})
	}
}

func TestPipeEndsWakeWhoWaits(t *testing.T) {
	for name, leave := range map[string]func(client, server *end) error{
		"its own":      func(client, _ *end) error { return client.Close() },
		"of its other": func(_, server *end) error { return server.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, client, server *end) {
				send(t, client, string(make([]byte, bufferSize)))
				errs := make(chan error, 2)
				go func() { _, err := client.Read(make([]byte, 1)); errs <- err }()
				go func() { _, err := client.Write([]byte("x")); errs <- err }()
				synctest.Wait()
				require.Empty(t, errs)
				require.NoError(t, leave(client, server))
				require.Error(t, <-errs)
				require.Error(t, <-errs)
			})
		})
	}
}

func TestPipeDeadlines(t *testing.T) {
	inBubble(t, func(t *testing.T, client, server *end) {
		full := make([]byte, bufferSize)
		for name, op := range map[string]func() error{
			"read":  func() error { _, err := client.Read(make([]byte, 1)); return err },
			"write": func() error { _, err := client.Write(full); _, again := client.Write(full); return cmp.Or(again, err) },
		} {
			require.NoError(t, client.SetDeadline(time.Now().Add(time.Minute)))
			start := time.Now()
			err := op()
			require.ErrorIs(t, err, os.ErrDeadlineExceeded, name)
			var timeout net.Error
			require.ErrorAs(t, err, &timeout)
			assert.True(t, timeout.Timeout())
			assert.Equal(t, time.Minute, time.Since(start), name)
		}
		// A deadline in the past ends calls that wait.
		errs := make(chan error, 2)
		require.NoError(t, client.SetDeadline(time.Time{}))
		go func() { _, err := client.Read(make([]byte, 1)); errs <- err }()
		go func() { _, err := client.Write(full); errs <- err }()
		synctest.Wait()
		require.Empty(t, errs)
		require.NoError(t, client.SetReadDeadline(time.Unix(1, 0)))
		require.ErrorIs(t, <-errs, os.ErrDeadlineExceeded)
		require.NoError(t, client.SetWriteDeadline(time.Unix(1, 0)))
		require.ErrorIs(t, <-errs, os.ErrDeadlineExceeded)
		// Without one, the reader waits again.
		require.NoError(t, client.SetReadDeadline(time.Time{}))
		send(t, server, "x")
		_, err := client.Read(make([]byte, 1))
		require.NoError(t, err)
		require.NoError(t, client.Close())
		require.ErrorIs(t, client.SetDeadline(time.Now()), net.ErrClosed)
	})
}
