package jetstream_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// startNode starts a Broadcaster that serves a log from now on, with a short history,
// so that most replays come from the log.
func startNode(t *testing.T, log *jetstream.Log) http.Handler {
	t.Helper()
	node := sink.NewBroadcaster(sink.WithHistory(20, 1<<20), sink.WithReplay(log.Replay))
	now, err := log.End(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // until cancel
		defer close(done)
		_ = node.Publish(ctx, log.Follow(now))
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		_ = node.Shutdown(context.Background())
	})
	return node
}

// A client that is cut off repeatedly, and connects to another node each time, misses and
// repeats nothing. A node that has just started serves it too.
func TestAnyNodeServesAnyClient(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 100)))
	const last = 4000

	// Each request goes to the next node, until the client cuts it off.
	var mu sync.Mutex
	nodes := []http.Handler{startNode(t, log), startNode(t, log)}
	visits, cut := 0, func() {}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		mu.Lock()
		node := nodes[visits%len(nodes)]
		if visits++; visits%5 == 0 && len(nodes) < 4 {
			nodes = append(nodes, startNode(t, log)) //nolint:contextcheck // a node lives as long as the test
		}
		cut = cancel
		mu.Unlock()
		node.ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})

	// The log grows while the client reads, at most 400 events ahead.
	const batch = 20
	room := make(chan struct{}, last/batch)
	for range 400 / batch {
		room <- struct{}{}
	}
	appended := make(chan error, 1)
	go func() { // until everything is appended, or the test ends
		for n := 101; n <= last; n += batch {
			select {
			case <-room:
			case <-t.Context().Done():
				return
			}
			if err := log.Append(t.Context(), numbered(n, n+batch-1)); err != nil {
				appended <- err
				return
			}
		}
		appended <- nil
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	random := rand.New(rand.NewPCG(1, 0))
	want, nextCut := 51, 60
	for e, err := range source.SSE(server.URL, source.WithLastEventID("50"), source.WithReconnectionTime(time.Millisecond))(ctx) {
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(want), e.ID)
		require.Equal(t, event(want).Data, e.Data)
		if want == last {
			break
		}
		if want%batch == 0 {
			room <- struct{}{}
		}
		if want == nextCut {
			mu.Lock()
			cut()
			mu.Unlock()
			nextCut += 20 + random.IntN(100)
		}
		want++
	}
	require.NoError(t, <-appended)
	mu.Lock()
	defer mu.Unlock()
	assert.Greater(t, visits, 10, "it was cut off")
	assert.Greater(t, len(nodes), 2, "nodes were added")
}
