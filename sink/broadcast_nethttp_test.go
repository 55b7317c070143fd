package sink_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// pipes is a listener on connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, open := <-p; open {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// net/http cancels a request when a write to its client fails. The reason why the client
// has left is that of the write nevertheless.
func TestClientLeftNetHTTP(t *testing.T) {
	version1, version2 := new(http.Protocols), new(http.Protocols)
	version1.SetHTTP1(true)
	version2.SetUnencryptedHTTP2(true)
	for version, protocols := range map[string]*http.Protocols{"HTTP/1.1": version1, "HTTP/2": version2} {
		for want, end := range map[sink.LeaveReason]func(t *testing.T, b *sink.Broadcaster, leave func()){
			sink.LeftClosed:   func(_ *testing.T, _ *sink.Broadcaster, leave func()) { leave() },
			sink.LeftTimedOut: func(*testing.T, *sink.Broadcaster, func()) { time.Sleep(time.Hour) },
			sink.LeftInterrupted: func(t *testing.T, b *sink.Broadcaster, _ func()) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				assert.ErrorIs(t, b.Shutdown(ctx), context.DeadlineExceeded)
			},
		} {
			t.Run(version+", "+string(want), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var got []sink.Departure
					b := sink.NewBroadcaster(always(sink.ClientConfig{Left: func(d sink.Departure) { got = append(got, d) }}))
					connections := make(pipes)
					server := http.Server{Handler: b, Protocols: protocols, ReadHeaderTimeout: time.Minute}
					go func() { _ = server.Serve(connections) }()
					transport := &http.Transport{
						Protocols: protocols,
						HTTP2:     &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10},
						DialContext: func(context.Context, string, string) (net.Conn, error) {
							ours, theirs := net.Pipe()
							connections <- theirs
							return ours, nil
						},
					}
					ctx, leave := context.WithCancel(t.Context())
					req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://sink.test", http.NoBody)
					require.NoError(t, err)
					resp, err := transport.RoundTrip(req)
					require.NoError(t, err)
					_, err = io.ReadFull(resp.Body, make([]byte, len(":\n")))
					require.NoError(t, err)

					// The client does not read on, so the server is in a write.
					require.NoError(t, b.Send(t.Context(), codec.Event{Data: string(bytes.Repeat([]byte("x"), 1<<20))}))
					synctest.Wait()
					end(t, b, leave)
					synctest.Wait()
					require.Len(t, got, 1)
					assert.Equal(t, want, got[0].Reason, got[0].Err)
					assert.Equal(t, map[sink.LeaveReason]int64{want: 1}, b.Stats().Left)

					leave()
					_ = resp.Body.Close()
					transport.CloseIdleConnections()
					close(connections)
					require.NoError(t, server.Close())
				})
			})
		}
	}
}
