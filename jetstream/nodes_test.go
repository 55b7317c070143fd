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

// A client that is cut off again and again, and comes to another node each time, misses
// and repeats nothing. A node that has just started serves it too.
func TestAnyNodeServesAnyClient(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 100)))
	const last = 4000

	var mu sync.Mutex
	nodes := []http.Handler{startNode(t, log), startNode(t, log)}
	visits := 0
	random := rand.New(rand.NewPCG(1, 0))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		node := nodes[visits%len(nodes)]
		if visits++; visits%5 == 0 && len(nodes) < 4 {
			nodes = append(nodes, startNode(t, log))
		}
		life := time.Duration(20+random.IntN(80)) * time.Millisecond
		mu.Unlock()
		ctx, cancel := context.WithTimeout(r.Context(), life)
		defer cancel()
		node.ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})

	go func() {
		for n := 101; n <= last; n += 20 {
			if log.Append(t.Context(), numbered(n, n+19)) != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	want := 51
	for e, err := range source.SSE(server.URL, source.WithLastEventID("50"), source.WithReconnectionTime(time.Millisecond))(ctx) {
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(want), e.ID)
		require.Equal(t, event(want).Data, e.Data)
		if want == last {
			break
		}
		want++
	}
	mu.Lock()
	defer mu.Unlock()
	assert.Greater(t, visits, 10, "it was cut off")
	assert.Greater(t, len(nodes), 2, "nodes were added")
}
