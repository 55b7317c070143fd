package sink_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
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

// overPipes calls test with the response of h to a GET, in a bubble, over HTTP/1.1 and
// HTTP/2: a server and a client of net/http, connected in memory. The body is past the
// first line, and the client has not read more. leave cancels the request.
func overPipes[H http.Handler](t *testing.T, h func() H, test func(t *testing.T, h H, body io.Reader, leave func())) {
	t.Helper()
	version1, version2 := new(http.Protocols), new(http.Protocols)
	version1.SetHTTP1(true)
	version2.SetUnencryptedHTTP2(true)
	for version, protocols := range map[string]*http.Protocols{"HTTP/1.1": version1, "HTTP/2": version2} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handler := h()
				connections := make(pipes)
				server := http.Server{Handler: handler, Protocols: protocols, ReadHeaderTimeout: time.Minute}
				defer func() {
					close(connections)
					_ = server.Close()
				}()
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
				defer transport.CloseIdleConnections()
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://sink.test", http.NoBody)
				require.NoError(t, err)
				resp, err := transport.RoundTrip(req)
				require.NoError(t, err)
				defer func() { _ = resp.Body.Close() }()
				_, err = io.ReadFull(resp.Body, make([]byte, len(":\n")))
				require.NoError(t, err)
				test(t, handler, resp.Body, leave)
			})
		})
	}
}

// net/http cancels a request when a write to its client fails. The reason why the client
// has left is that of the write nevertheless.
func TestClientLeftNetHTTP(t *testing.T) {
	for want, end := range map[sink.LeaveReason]func(t *testing.T, b *sink.Broadcaster, leave func()){
		sink.LeftClosed:   func(_ *testing.T, _ *sink.Broadcaster, leave func()) { leave() },
		sink.LeftTimedOut: func(*testing.T, *sink.Broadcaster, func()) { time.Sleep(time.Hour) },
		sink.LeftInterrupted: func(t *testing.T, b *sink.Broadcaster, _ func()) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			assert.ErrorIs(t, b.Shutdown(ctx), context.DeadlineExceeded)
		},
	} {
		t.Run(string(want), func(t *testing.T) {
			var got []sink.Departure
			broadcaster := func() *sink.Broadcaster {
				got = nil
				return sink.NewBroadcaster(always(sink.ClientConfig{Left: func(d sink.Departure) { got = append(got, d) }}))
			}
			overPipes(t, broadcaster, func(t *testing.T, b *sink.Broadcaster, _ io.Reader, leave func()) {
				require.NoError(t, b.Send(t.Context(), codec.Event{Data: strings.Repeat("x", 1<<20)}))
				synctest.Wait() // the server is in a write: the client does not read
				end(t, b, leave)
				synctest.Wait()
				require.Len(t, got, 1)
				assert.Equal(t, want, got[0].Reason, got[0].Err)
				assert.Equal(t, map[sink.LeaveReason]int64{want: 1}, b.Stats().Left)
			})
		})
	}
}

// A response that ends long after its last event is complete for the client: the deadline
// of that write does not hit what net/http writes after the handler.
func TestEndAfterSilenceNetHTTP(t *testing.T) {
	pause := time.Hour + 5*time.Second // the last heartbeat was 5 seconds ago
	requireWhole := func(t *testing.T, body io.Reader) {
		t.Helper()
		rest, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(rest), "data: 1\n"), "%.20q", rest)
	}
	for name, end := range map[string]func(b *sink.Broadcaster, ctx context.Context) error{
		"Shutdown": (*sink.Broadcaster).Shutdown, "Complete": (*sink.Broadcaster).Complete,
	} {
		t.Run(name, func(t *testing.T) {
			broadcaster := func() *sink.Broadcaster { return sink.NewBroadcaster(sink.WithWriteTimeout(time.Second)) }
			overPipes(t, broadcaster, func(t *testing.T, b *sink.Broadcaster, body io.Reader, _ func()) {
				require.NoError(t, b.Send(t.Context(), codec.Event{Data: "1"}))
				time.AfterFunc(pause, func() { _ = end(b, context.Background()) })
				requireWhole(t, body)
			})
		})
	}
	t.Run("Serve", func(t *testing.T) {
		serve := func() http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				end := source.FromFunc(func(context.Context) (codec.Event, error) { time.Sleep(pause); return codec.Event{}, io.EOF })
				assert.NoError(t, sink.Serve(w, r, operators.StartWith(end, codec.Event{Data: "1"}), sink.ServeWriteTimeout(time.Second)))
			})
		}
		overPipes(t, serve, func(t *testing.T, _ http.Handler, body io.Reader, _ func()) { requireWhole(t, body) })
	})
}
