package sink_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// numbered returns the next n events of a sequence, with their numbers as data.
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

// One Send that is larger than the history cuts off no client that reads.
func TestSendToManyClients(t *testing.T) {
	const clients, events, sends = 40, 2000, 2
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(sink.WithSlowClients(policy))
				var all []*conn
				for i := range clients {
					c, _, _ := connect(t, b, "/")
					c.pace = time.Duration(i) * time.Millisecond / 2 // up to 20 ms for 32 KiB
					all = append(all, c)
				}
				batch, want := eventsOf(idsFrom(1, events)), ""
				for i := range batch {
					batch[i].Data = strings.Repeat("x", 190)
					want += batch[i].String()
				}
				for range sends {
					require.NoError(t, b.Send(t.Context(), batch...))
				}
				finish(t, b)
				want = strings.Repeat(want, sends)
				for _, c := range all {
					require.Equal(t, len(want), len(c.body()))
					require.True(t, want == c.body())
				}
				assert.Equal(t, map[sink.LeaveReason]int64{sink.LeftEnded: clients}, b.Stats().Left)
			})
		})
	}
}

// Ten thousand clients come, read for a moment, and go.
func TestTenThousandClients(t *testing.T) {
	const clients, atATime = 10_000, 500
	b := sink.NewBroadcaster(sink.WithHistory(64, 1<<20), sink.WithClient(func(r *http.Request) (sink.ClientConfig, error) {
		return sink.ClientConfig{Group: "all", Filter: func(e codec.Event) bool { return !strings.HasSuffix(e.Data, "3") }}, nil
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

// Clients that connect, do not read, and return hold up a publisher for at most 50 ms each
// time.
func TestClientsThatNeverRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(100, 1<<20))
		good, _, _ := connect(t, b, "/")
		ctx, stop := context.WithCancel(t.Context())
		var attackers sync.WaitGroup
		for i := range 10 {
			attackers.Go(func() {
				time.Sleep(time.Duration(i) * 15 * time.Millisecond)
				for ctx.Err() == nil {
					c := newConn()
					leave, gone := begin(t, b, c, "/?lastEventId=none") //nolint:contextcheck // the client leaves by itself
					time.Sleep(time.Microsecond)                        // it gets its header
					c.hold()
					select {
					case <-ctx.Done():
					case <-time.After(150 * time.Millisecond):
					}
					leave()
					c.fail(errGone)
					<-gone
				}
			})
		}
		start := time.Now()
		for i := range 1000 {
			require.NoError(t, b.Send(t.Context(), event(fmt.Sprint(i))))
			time.Sleep(time.Millisecond)
		}
		assert.Less(t, time.Since(start), 4*time.Second, "without attackers it is one second")
		stop()
		attackers.Wait()
		settle()
		assert.Equal(t, 1000, strings.Count(good.body(), "data: "))
		finish(t, b)
	})
}
