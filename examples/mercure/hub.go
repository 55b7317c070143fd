package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A hub stands in for a Mercure hub: it follows the subscribers' part of the protocol, keeps
// a short history, and breaks its connections.
type hub struct {
	server *http.Server
	addr   net.Addr
	cancel context.CancelFunc
	gone   sync.WaitGroup

	mu      sync.Mutex
	updates []update // the newest
	more    chan struct{}
}

type update struct {
	topic string
	event codec.Event
}

const (
	hubToken   = "token-of-a-subscriber"
	hubPath    = "/.well-known/mercure"
	hubHistory = 8
	hubPause   = 20 * time.Millisecond
)

func openHub(ctx context.Context) (*hub, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &hub{addr: listener.Addr(), more: make(chan struct{})}
	mux := http.NewServeMux()
	mux.Handle("GET "+hubPath, h)
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ctx, h.cancel = context.WithCancel(ctx)
	h.gone.Go(func() { _ = h.server.Serve(listener) }) // until it is closed
	h.gone.Go(func() { h.publish(ctx) })
	return h, nil
}

func (h *hub) url() string { return "http://" + h.addr.String() + hubPath }

func (h *hub) close() {
	h.cancel()
	_ = h.server.Close()
	h.gone.Wait()
}

// publish publishes an update now and then.
func (h *hub) publish(ctx context.Context) {
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(hubPause):
		}
		topic := fmt.Sprintf("https://example.com/books/%d", n%3)
		h.mu.Lock()
		h.updates = append(h.updates, update{topic, codec.Event{
			Type: []string{"", "stock"}[n%2],
			ID:   fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", n),
			Data: fmt.Sprintf(`{"@id": %q, "stock": %d}`, topic, n),
		}})
		h.updates = h.updates[max(0, len(h.updates)-hubHistory):]
		close(h.more)
		h.more = make(chan struct{})
		h.mu.Unlock()
	}
}

// ServeHTTP serves a subscription. Every other one is followed by a pause longer than the
// history.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+hubToken {
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 15*hubPause)
	defer cancel()
	topics := r.URL.Query()["topic"]
	asked := r.Header.Get("Last-Event-ID")

	h.mu.Lock()
	next := slices.IndexFunc(h.updates, func(u update) bool { return u.event.ID == asked })
	begins, from := "earliest", ""
	if next >= 0 {
		begins, from = asked, asked
	} else if asked == "" && len(h.updates) > 0 {
		from = h.updates[len(h.updates)-1].event.ID
		begins = from
	}
	h.mu.Unlock()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Last-Event-ID", begins)
	events := codec.NewEncoder(w)
	flush := http.NewResponseController(w).Flush
	if events.Encode(codec.Event{Comment: ""}) != nil || events.Encode(codec.Event{Retry: 40 * hubPause / 2}) != nil {
		return
	}
	for flush() == nil {
		h.mu.Lock()
		news := slices.Clone(h.updates[1+slices.IndexFunc(h.updates, func(u update) bool { return u.event.ID == from }):])
		more := h.more
		h.mu.Unlock()
		for _, u := range news {
			from = u.event.ID
			if slices.Contains(topics, "*") || slices.Contains(topics, u.topic) {
				if events.Encode(u.event) != nil {
					return
				}
			}
		}
		if len(news) > 0 {
			continue
		}
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}
