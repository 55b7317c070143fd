package browsertest

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// A page that is refused for lack of room tries again, and is served once there is room.
func TestRefusedPageComesBack(t *testing.T) {
	b := sink.NewBroadcaster(sink.WithMaxClients(1), sink.WithRetry(100*time.Millisecond))
	url := serve(t, collecting, b)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"events", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	ctx := browse(t, url)
	eventually(ctx, t, "errors >= 3")
	assert.GreaterOrEqual(t, b.Stats().Refused, int64(3))
	require.NoError(t, response.Body.Close())
	require.Eventually(t, func() bool { return b.Stats().Clients == 1 && b.Stats().Accepted == 2 }, 20*time.Second, time.Millisecond)
	require.NoError(t, b.Send(t.Context(), codec.Event{Data: "at last"}))
	eventually(ctx, t, "got.length === 1")
	require.NoError(t, b.Complete(t.Context()))
}

// A server is replaced by another on the same address while pages are connected. In the
// documented order of a shutdown, a page gets all events of the first server, finds the
// second one, and resumes there.
func TestPageSurvivesARestart(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	const servers, events = 5, 50
	var ctx context.Context
	sent := 0
	for n := range servers {
		b := sink.NewBroadcaster(sink.WithRetry(50 * time.Millisecond))
		mux := http.NewServeMux()
		mux.Handle("/events", b)
		mux.Handle("/{$}", page(collecting))
		server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
		server.RegisterOnShutdown(b.BeginShutdown)
		serving := make(chan error, 1)
		go func() { serving <- server.Serve(listener) }()
		if n == 0 {
			ctx = browse(t, "http://"+address+"/") //nolint:fatcontext // once, when the first server runs
		}
		require.Eventually(t, func() bool { return b.Stats().Clients == 1 }, 20*time.Second, time.Millisecond)
		for range events {
			require.NoError(t, b.Send(t.Context(), codec.Event{Type: "number", Data: number(sent)}))
			sent++
		}
		failed := evaluate[int](ctx, t, "errors")
		ending, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		require.NoError(t, server.Shutdown(ending))
		cancel()
		require.ErrorIs(t, <-serving, http.ErrServerClosed)
		eventually(ctx, t, "numbers.length === "+number(sent))
		eventually(ctx, t, "errors >= "+number(failed+2)) // its stream ended, and no server answered
		listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
		require.NoError(t, err)
	}
	require.NoError(t, listener.Close())
	assert.Empty(t, evaluate[[]int](ctx, t, "numbers.filter((n, i) => n !== i)"), "once each, in order")
}
