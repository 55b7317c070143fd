package sink_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// numbered returns the next n events of a sequence, whose data are its numbers.
func numbered(from, n int) (events []codec.Event) {
	for i := range n {
		events = append(events, codec.Event{ID: strconv.Itoa(from + i), Data: strconv.Itoa(from + i)})
	}
	return events
}

// Clients of all kinds come and go while several publishers send. Each of them sees the
// numbers in order and, unless the policy lets it miss some, all of them. No publisher is
// held up for long.
func TestClientsComeAndGo(t *testing.T) {
	for name, policy := range policies {
		for _, history := range []int{1, 3, 100, 1024} {
			t.Run(fmt.Sprintf("%s/%d", name, history), func(t *testing.T) {
				t.Parallel()
				b := sink.NewBroadcaster(sink.WithSlowClients(policy), sink.WithHistory(history, 1<<20))
				server := httptest.NewServer(b)
				defer server.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				var all sync.WaitGroup
				for i := range 8 {
					all.Go(func() {
						random := rand.New(rand.NewPCG(uint64(i), uint64(history)))
						for ctx.Err() == nil {
							readNumbers(ctx, t, server.URL, random, policy)
						}
					})
				}
				var turn sync.Mutex // numbers are sent in order
				sent := 0
				var longest atomic.Int64
				for i := range 3 {
					all.Go(func() {
						random := rand.New(rand.NewPCG(uint64(i), 1))
						for ctx.Err() == nil {
							turn.Lock()
							events := numbered(sent, 1+random.IntN(50))
							begin := time.Now()
							err := b.Send(ctx, events...)
							longest.Store(max(longest.Load(), int64(time.Since(begin))))
							sent += len(events)
							turn.Unlock()
							if err != nil {
								return
							}
						}
					})
				}
				<-ctx.Done()
				ending, stop := context.WithTimeout(context.Background(), 10*time.Second)
				defer stop()
				require.NoError(t, b.Shutdown(ending))
				all.Wait()
				assert.Zero(t, b.Stats().Clients)
				assert.Less(t, time.Duration(longest.Load()), 5*time.Second)
			})
		}
	}
}

// readNumbers is one client that reads for a while.
func readNumbers(ctx context.Context, t *testing.T, url string, random *rand.Rand, policy sink.SlowClients) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(100))*time.Millisecond)
	defer cancel()
	opts := []source.Option{source.WithReconnectionTime(0)}
	if random.IntN(2) == 0 {
		opts = append(opts, source.WithLastEventID("none"))
	}
	last := -1
	for e, err := range source.SSE(url, opts...)(ctx) {
		if err != nil {
			return
		}
		n, err := strconv.Atoi(e.Data)
		if !assert.NoError(t, err) || !assert.Greater(t, n, last) {
			return
		}
		if policy == sink.WaitForClients && last >= 0 && !assert.Equal(t, last+1, n) {
			return
		}
		last = n
	}
}

// One Send that is larger than the history cuts off no client that reads. (On a machine
// that is too busy to run the clients, some of them are slow.)
func TestSendToManyClients(t *testing.T) {
	const clients, events, sends = 100, 3000, 3
	b := sink.NewBroadcaster()
	server := httptest.NewServer(b)
	defer server.Close()
	var read atomic.Int64
	var all sync.WaitGroup
	for range clients {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		_, err = fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		all.Go(func() {
			defer conn.Close()
			n, _ := io.Copy(eventCounter{&read}, conn)
			assert.Positive(t, n)
		})
	}
	require.Eventually(t, func() bool { return b.Stats().Clients == clients }, 10*time.Second, time.Millisecond)
	data := strings.Repeat("x", 190) + "z"
	batch := numbered(0, events)
	for i := range batch {
		batch[i].Data = data
	}
	for range sends {
		require.NoError(t, b.Send(t.Context(), batch...))
	}
	require.NoError(t, b.Shutdown(t.Context()))
	all.Wait()
	whole := b.Stats().Left[sink.LeftEnded]
	assert.Greater(t, whole, int64(clients*8/10))
	assert.GreaterOrEqual(t, read.Load(), whole*events*sends)
}

// eventCounter counts events, each of which has one z.
type eventCounter struct{ events *atomic.Int64 }

func (c eventCounter) Write(p []byte) (int, error) {
	c.events.Add(int64(bytes.Count(p, []byte("z"))))
	return len(p), nil
}

// Ten thousand clients come, read for a moment, and go.
func TestTenThousandClients(t *testing.T) {
	const clients, atATime = 10_000, 500
	b := sink.NewBroadcaster(sink.WithHistory(64, 1<<20), sink.WithClient(func(r *http.Request) (sink.Client, error) {
		return sink.Client{Group: "all", Filter: func(e codec.Event) bool { return !strings.HasSuffix(e.Data, "3") }}, nil
	}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var publisher sync.WaitGroup
	publisher.Go(func() {
		for sent := 0; ctx.Err() == nil; sent += 10 {
			if b.Send(ctx, numbered(sent, 10)...) != nil {
				return
			}
			time.Sleep(200 * time.Microsecond)
		}
	})
	var clientsDone sync.WaitGroup
	slots := make(chan struct{}, atATime)
	var events atomic.Int64
	for i := range clients {
		slots <- struct{}{}
		clientsDone.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, time.Duration(i%10)*time.Millisecond)
			defer cancel()
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
			if i%2 == 0 {
				r.Header.Set("Last-Event-ID", "none")
			}
			w := httptest.NewRecorder()
			b.ServeHTTP(w, r)
			last := -1
			for e, err := range codec.NewDecoder(w.Body).Events() {
				if !assert.NoError(t, err) {
					return
				}
				n, _ := strconv.Atoi(e.Data)
				want := last + 1
				if want%10 == 3 {
					want++
				}
				if last >= 0 && !assert.Equal(t, want, n) {
					return
				}
				last = n
				events.Add(1)
			}
		})
	}
	clientsDone.Wait()
	cancel()
	publisher.Wait()
	stats := b.Stats()
	assert.Zero(t, stats.Clients)
	assert.EqualValues(t, clients, stats.Accepted)
	assert.EqualValues(t, events.Load(), stats.Delivered)
	assert.Positive(t, stats.Delivered)
	var left int64
	for _, n := range stats.Left {
		left += n
	}
	assert.EqualValues(t, clients, left)
}

// Clients that connect, never read, and come again hold up the publisher for 50 ms at a
// time at most.
func TestClientsThatNeverRead(t *testing.T) {
	b := sink.NewBroadcaster(sink.WithHistory(1024, 1<<20))
	server := httptest.NewServer(b)
	defer server.Close()
	defer server.CloseClientConnections()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var attackers sync.WaitGroup
	for range 10 {
		attackers.Go(func() {
			for ctx.Err() == nil {
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					continue
				}
				_ = conn.(*net.TCPConn).SetReadBuffer(4096)
				_, _ = fmt.Fprint(conn, "GET /?lastEventId=none HTTP/1.1\r\nHost: x\r\n\r\n")
				select {
				case <-ctx.Done():
				case <-time.After(150 * time.Millisecond):
				}
				_ = conn.Close()
			}
		})
	}
	data := strings.Repeat("x", 2000)
	sent := 0
	for b.Send(ctx, codec.Event{Data: data}) == nil {
		sent++
	}
	attackers.Wait()
	assert.Greater(t, sent, 2000, "without attackers it is a hundred times that")
	ending, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	_ = b.Shutdown(ending) // some of them may be in the middle of a write
	assert.Zero(t, b.Stats().Clients)
}
