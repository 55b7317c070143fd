package cores

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse/benchmarks/fanout"
)

// clients is the number of clients of the Broadcaster.
const clients = 100

// within is the time limit of a pass.
const within = 20 * time.Second

// broadcaster returns the delivery of the Broadcaster to clients in memory. Without a
// network, it measures the structures that the clients share.
func broadcaster() structure {
	return structure{
		name:  "Broadcaster",
		title: fmt.Sprintf("Broadcaster to %d clients in memory", clients),
		unit:  "ns/delivery",
		file:  "cores-broadcaster.svg",
		start: func(size sizes) (all []contender, stop func()) {
			var stops []func()
			for _, s := range append(fanout.Servers(), byHand()) {
				room := &room{events: size.events}
				stops = append(stops, room.open(s))
				all = append(all, contender{name: s.Name, items: clients * size.events, want: int64(clients * size.events), pass: room.pass})
			}
			return all, func() {
				for _, stop := range stops {
					stop()
				}
			}
		},
	}
}

// A room is a server and its clients.
type room struct {
	events  int // a pass
	publish func(kind, data string) error
	clients []*client
}

// open starts the server and the clients, and waits until each has received an event.
func (r *room) open(s fanout.Server) (stop func()) {
	handler, publish := s.Start()
	r.publish = publish
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for range clients {
		c := &client{header: http.Header{}, greeted: make(chan struct{}), full: make(chan struct{}, 1)}
		r.clients = append(r.clients, c)
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/events?stream="+fanout.Stream, http.NoBody)
		running.Go(func() { handler.ServeHTTP(c, request) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// pass publishes events and returns how many were delivered, once all were.
func (r *room) pass() (delivered int64, err error) {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	if err := r.greet(timeout.C); err != nil {
		return 0, err
	}
	for _, c := range r.clients {
		c.missing.Store(int64(r.events))
	}
	for range r.events {
		if err := r.publish("tick", string(counted)+" "+padding); err != nil {
			return 0, err
		}
	}
	for _, c := range r.clients {
		select {
		case <-c.full:
		case <-timeout.C:
			return delivered, errors.New("a client did not get all events")
		}
		delivered += int64(r.events) - c.missing.Load()
	}
	return delivered, nil
}

// greet publishes uncounted events until each client has received one.
func (r *room) greet(timeout <-chan time.Time) error {
	for _, c := range r.clients {
		for waiting := true; waiting; {
			select {
			case <-c.greeted:
				waiting = false
			case <-timeout:
				return errors.New("a client was not greeted")
			case <-time.After(10 * time.Millisecond):
				if err := r.publish("hello", "x"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// counted is a byte that occurs once in each counted event, and nowhere else.
const counted = '~'

// padding makes an event about 200 bytes.
const padding = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua ut enim ad minim veniam quis nostrud exercitation"

// A client is the response writer of a request. It counts its events.
type client struct {
	header  http.Header
	greet   sync.Once
	greeted chan struct{} // closed after the first event
	missing atomic.Int64
	full    chan struct{} // gets a value when no event is missing
}

func (c *client) Header() http.Header { return c.header }
func (c *client) WriteHeader(int)     {}
func (c *client) Flush()              {}

// SetWriteDeadline does nothing: writes never block.
func (c *client) SetWriteDeadline(time.Time) error { return nil }

func (c *client) Write(p []byte) (int, error) {
	if n := int64(bytes.Count(p, []byte{counted})); n > 0 {
		if c.missing.Add(-n) == 0 {
			c.full <- struct{}{}
		}
	} else if bytes.Contains(p, []byte("hello")) {
		c.greet.Do(func() { close(c.greeted) })
	}
	return len(p), nil
}

// byHand is the hand-written server: a channel for each client.
func byHand() fanout.Server {
	return fanout.Server{Name: "hand-written loop", Start: func() (http.Handler, func(string, string) error) {
		var mu sync.Mutex
		outs := map[chan []byte]bool{}
		handler := func(w http.ResponseWriter, r *http.Request) {
			out := make(chan []byte, 256)
			mu.Lock()
			outs[out] = true
			mu.Unlock()
			defer func() {
				mu.Lock()
				delete(outs, out)
				mu.Unlock()
			}()
			for {
				select {
				case event := <-out:
					if _, err := w.Write(event); err != nil {
						return
					}
					if err := http.NewResponseController(w).Flush(); err != nil {
						return
					}
				case <-r.Context().Done():
					return
				}
			}
		}
		publish := func(kind, data string) error {
			event := []byte("event: " + kind + "\ndata: " + data + "\n\n")
			mu.Lock()
			defer mu.Unlock()
			for out := range outs {
				out <- event
			}
			return nil
		}
		return http.HandlerFunc(handler), publish
	}}
}
