package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
)

// A feed is an exchange on loopback that sends the trades of some minutes within a second.
// It breaks at some events, is away for a while, and then repeats the last events before it
// continues.
type feed struct {
	exchange

	trades   []Trade
	breaksAt map[int]bool
	away     time.Duration
	repeats  int

	mu       sync.Mutex
	until    time.Time // it refuses requests until then
	repeated atomic.Int32
	server   http.Server
	done     sync.WaitGroup
}

const pause = time.Millisecond // between two events

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// generate makes four trades per second, each up to two seconds out of order.
func generate(seed uint64, length time.Duration) []Trade {
	random := rand.New(rand.NewPCG(seed, seed))
	var trades []Trade
	for at := time.Duration(0); at < length; at += 250 * time.Millisecond {
		jitter := time.Duration(random.Int64N(int64(2 * time.Second)))
		trades = append(trades, Trade{
			Symbol: []string{"BTC-EUR", "ETH-EUR"}[random.IntN(2)],
			Price:  float64(10_000+random.IntN(500)) / 100,
			Volume: 1 + random.IntN(9),
			Time:   noon.Add(min(at+jitter, length-1)),
		})
	}
	return trades
}

func openFeed(ctx context.Context, name string, trades []Trade, breaksAt ...int) (*feed, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &feed{trades: trades, breaksAt: map[int]bool{}, away: 200 * time.Millisecond, repeats: 20}
	f.exchange = exchange{name: name, url: "http://" + listener.Addr().String()}
	for _, n := range breaksAt {
		f.breaksAt[n] = true
	}
	f.server.Handler = f
	f.server.ReadHeaderTimeout = 10 * time.Second
	f.done.Go(func() { _ = f.server.Serve(listener) }) // until close
	return f, nil
}

func (f *feed) close() {
	_ = f.server.Close()
	f.done.Wait()
}

// ServeHTTP sends the trades after the client's last, and 204 to a client that has all.
func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	away := time.Until(f.until)
	f.mu.Unlock()
	if away > 0 {
		http.Error(w, "closed for maintenance", http.StatusServiceUnavailable)
		return
	}
	next, err := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	switch {
	case err != nil:
		next = 0
	case next >= len(f.trades):
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		repeated := min(next, f.repeats)
		f.repeated.Add(int32(repeated))
		next -= repeated
	}
	w.Header().Set("Content-Type", "text/event-stream")
	events, flush := codec.NewEncoder(w), http.NewResponseController(w).Flush
	for ; next < len(f.trades); next++ {
		if f.breaks(next) {
			panic(http.ErrAbortHandler)
		}
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return
		}
		data, err := json.Marshal(f.trades[next])
		if err != nil {
			panic(fmt.Sprintf("a trade cannot be encoded: %v", err))
		}
		if events.Encode(codec.Event{ID: strconv.Itoa(next + 1), Data: string(data), Retry: 10 * time.Millisecond}) != nil || flush() != nil {
			return
		}
	}
}

// breaks reports whether the feed breaks here; it does so once.
func (f *feed) breaks(n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.breaksAt[n] {
		return false
	}
	delete(f.breaksAt, n)
	f.until = time.Now().Add(f.away)
	return true
}
