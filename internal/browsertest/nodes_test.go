package browsertest

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// startLog starts a NATS server with an empty log.
func startLog(t *testing.T) *jetstream.Log {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(t, s.ReadyForConnections(20*time.Second))
	nc, err := nats.Connect(s.ClientURL())
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := natsjs.New(nc)
	require.NoError(t, err)
	_, err = js.CreateStream(t.Context(), natsjs.StreamConfig{Name: "numbers", Subjects: []string{"numbers"}})
	require.NoError(t, err)
	log, err := jetstream.OpenLog(t.Context(), js, "numbers", jetstream.LogConfig{})
	require.NoError(t, err)
	return log
}

// startNode starts a Broadcaster that serves the log from now on. Clients miss more events
// than its history holds, so it reads them from the log.
func startNode(t *testing.T, log *jetstream.Log) *sink.Broadcaster {
	t.Helper()
	node := sink.NewBroadcaster(sink.WithHistory(5, 1<<20), sink.WithReplay(log.Replay), sink.WithRetry(10*time.Millisecond))
	now, err := log.End(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var publishing sync.WaitGroup
	publishing.Go(func() { _ = node.Publish(ctx, log.Follow(now)) }) // until cancel
	t.Cleanup(func() {
		cancel()
		publishing.Wait()
		_ = node.Shutdown(context.Background())
	})
	return node
}

// numbers delivers events of type number whose data are the numbers from first to last.
func numbers(first, last int) rxsse.Observable[codec.Event] {
	return func(context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for n := first; n <= last && yield(codec.Event{Type: "number", ID: "feed " + strconv.Itoa(n), Data: strconv.Itoa(n)}, nil); n++ {
			}
		}
	}
}

// A browser and our own client are cut off again and again, and each time reach the other of
// two nodes, which serve the same log. They miss and repeat nothing.
func TestClientsMoveFromNodeToNode(t *testing.T) {
	const moves, batch = 20, 50
	log := startLog(t)
	require.NoError(t, log.Append(t.Context(), numbers(0, 0)))
	nodes := []*sink.Broadcaster{startNode(t, log), startNode(t, log)}
	var mu sync.Mutex
	visits := map[string]int{} // by kind of client and node
	cuts := map[string]context.CancelFunc{}
	url := serve(t, collecting, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		client := "browser"
		if r.URL.Query().Has("own") {
			client = "own"
		}
		mu.Lock()
		visits[client]++
		n := visits[client] % len(nodes)
		visits[fmt.Sprintf("%s at node %d", client, n)]++
		cuts[client] = cancel
		mu.Unlock()
		nodes[n].ServeHTTP(w, r.WithContext(ctx))
	}))
	browser := browse(t, url)
	eventually(browser, t, "opened === 1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var ownSeen atomic.Int64
	var own sync.WaitGroup
	defer own.Wait()
	defer cancel()
	own.Go(func() {
		want := 1
		for e, err := range source.SSE(url+"events?own", source.WithLastEventID("1"), source.WithReconnectionTime(10*time.Millisecond))(ctx) {
			if !assert.NoError(t, err) || !assert.Equal(t, strconv.Itoa(want), e.Data) || want == moves*batch {
				return
			}
			ownSeen.Store(int64(want))
			want++
		}
	})
	for move := range moves {
		first := move*batch + 1
		require.NoError(t, log.Append(t.Context(), numbers(first, first+batch/2-1)))
		eventually(browser, t, fmt.Sprintf("numbers.length >= %d", first)) // in the middle of the batch
		require.Eventually(t, func() bool { return ownSeen.Load() >= int64(first) }, 20*time.Second, time.Millisecond)
		mu.Lock()
		for _, cut := range cuts {
			cut()
		}
		mu.Unlock()
		require.NoError(t, log.Append(t.Context(), numbers(first+batch/2, first+batch-1)))
	}
	eventually(browser, t, fmt.Sprintf("numbers.length >= %d", moves*batch))
	own.Wait()
	assert.Equal(t, moves*batch, evaluate[int](browser, t, "numbers.length"))
	assert.Empty(t, evaluate[[]int](browser, t, "numbers.filter((n, i) => n !== i + 1)"), "once each, in order")
	mu.Lock()
	defer mu.Unlock()
	for _, who := range []string{"browser", "own"} {
		for node := range nodes {
			assert.GreaterOrEqual(t, visits[fmt.Sprintf("%s at node %d", who, node)], moves/4, "%s at node %d", who, node)
		}
	}
}
