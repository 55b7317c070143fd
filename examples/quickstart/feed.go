package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A feed is an exchange's event stream on loopback, as bad as a real network: it drops its
// connections in the middle of an event. Like a real exchange, it keeps its events and
// continues on the next connection after the client's Last-Event-ID. Its events depend only
// on the seed.
type feed struct {
	server *httptest.Server
	length time.Duration
	events []scheduled
	drops  map[int]bool // by index: the connection breaks inside this event
	start  atomic.Pointer[time.Time]
	broken atomic.Int32 // drops made so far
}

// A scheduled event happens some time after the first client has connected.
type scheduled struct {
	at    time.Duration
	event codec.Event
}

const (
	sweepEvery = 25 * time.Millisecond // between two large orders
	statsEvery = 500 * time.Millisecond
	pingEvery  = time.Second
)

// markets are the traded symbols; the names contain multi-byte text.
var markets = []struct {
	symbol, name string
	price        float64
}{
	{"BTC-EUR", "Bitcoin ₿", 81_450},
	{"ETH-EUR", "Ether Ξ", 2_918},
	{"XMR-JPY", "モネロ", 48_200},
	{"DOGE-EUR", "Dogecoin Ð 🐕", 0.1312},
}

// newFeed starts a feed that lasts for length and breaks drops times.
func newFeed(seed uint64, length time.Duration, drops int) *feed {
	f := &feed{length: length, events: generate(seed, length), drops: map[int]bool{}}
	for i := range drops {
		f.drops[len(f.events)*(i+1)/(drops+1)] = true
	}
	f.server = httptest.NewServer(f)
	return f
}

func (f *feed) url() string { return f.server.URL + "/v1/stream" }

func (f *feed) close() { f.server.Close() }

// generate makes the events: at intervals, an order sweeps the book of one symbol, which
// causes a burst of trades within a few milliseconds; now and then there are statistics,
// which this program ignores.
func generate(seed uint64, length time.Duration) []scheduled {
	random := rand.New(rand.NewPCG(seed, seed))
	var events []scheduled
	add := func(at time.Duration, kind, data string) {
		id := strconv.Itoa(len(events) + 1)
		events = append(events, scheduled{at, codec.Event{Type: kind, ID: id, Data: data}})
	}
	for at := time.Duration(0); at < length; at += sweepEvery {
		if at%statsEvery == 0 {
			add(at, "stats", fmt.Sprintf("{\"open\":%d,\n\"note\":\"two lines of data\"}", len(markets)))
		}
		market := &markets[random.IntN(len(markets))]
		drift := market.price * 0.0004 * random.NormFloat64()
		for range 1 + random.IntN(8) {
			market.price += drift
			quantity := math.Exp(random.NormFloat64()) / market.price * 1000
			add(at, "trade", fmt.Sprintf(`{"s":%q,"n":%q,"p":"%.5g","q":"%.4g","m":%t}`,
				market.symbol, market.name, market.price, quantity, drift < 0))
		}
	}
	return events
}

// ServeHTTP sends the events after the client's Last-Event-ID, each when it is due. It sends
// 204 to a client that has everything, which then does not reconnect.
func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first := time.Now()
	f.start.CompareAndSwap(nil, &first)
	next, err := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	if err != nil {
		next = 0
	}
	if next >= len(f.events) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	c := &connection{control: http.NewResponseController(w), w: w, r: r}
	c.send(codec.Event{Retry: 100 * time.Millisecond})
	for ; next < len(f.events) && c.err == nil; next++ {
		e := f.events[next]
		c.waitUntil(f.start.Load().Add(e.at))
		if f.drops[next] {
			delete(f.drops, next) // only one connection is open at a time
			f.broken.Add(1)
			c.breakInside(e.event)
			return
		}
		c.send(e.event)
	}
	if c.err == nil {
		c.flush()
	}
}

// A connection is one response; after the first error it does nothing.
type connection struct {
	control *http.ResponseController
	w       http.ResponseWriter
	r       *http.Request
	err     error
	pinged  time.Time
	pending []byte
}

// send queues an event, which is sent before the next wait.
func (c *connection) send(e codec.Event) {
	if c.pending, c.err = codec.AppendEvent(c.pending, e); c.err != nil {
		panic(c.err) // the feed's events can all be sent
	}
}

// flush sends the queued events in one write.
func (c *connection) flush() {
	if _, c.err = c.w.Write(c.pending); c.err == nil {
		c.err = c.control.Flush()
	}
	c.pending = c.pending[:0]
}

// waitUntil waits until t, and sends something now and then to show the client and proxies
// that the connection is alive.
func (c *connection) waitUntil(t time.Time) {
	wait := time.Until(t)
	if wait <= 0 {
		return
	}
	if time.Since(c.pinged) > pingEvery {
		c.pinged = time.Now()
		c.send(codec.Event{Comment: " heartbeat"})
	}
	c.flush()
	select {
	case <-time.After(wait):
	case <-c.r.Context().Done():
		c.err = c.r.Context().Err()
	}
}

// breakInside sends the first half of an event and then breaks the connection.
func (c *connection) breakInside(e codec.Event) {
	c.send(e)
	c.pending = c.pending[:len(c.pending)-len(e.Data)/2]
	c.flush()
	if conn, _, err := c.control.Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, not a clean end
		}
		_ = conn.Close()
	}
}
