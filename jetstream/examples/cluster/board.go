package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rxsse/rxsse/sink"
)

// A board knows what every member does. The page shows it.
type board struct {
	mu      sync.Mutex
	total   int
	claims  map[string]string // by kind and piece of work: the member that has it
	counted []int             // how often each trade was counted
	done    int
	again   int
	all     chan struct{} // closed when each trade has been counted
	log     []string
	nodes   map[string]*sink.Broadcaster
	visits  int
}

func newBoard(trades int) *board {
	return &board{
		total: trades, claims: map[string]string{}, counted: make([]int, trades+1), all: make(chan struct{}),
		nodes: map[string]*sink.Broadcaster{},
	}
}

func (b *board) claim(kind, member, what string, held bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := kind + " " + what
	if held {
		b.claims[key] = member
	} else if b.claims[key] == member {
		delete(b.claims, key)
	}
}

// holder returns a member that has a piece of work of a kind, "" if none has.
func (b *board) holder(kind string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(b.claims)) {
		if strings.HasPrefix(key, kind+" ") {
			return b.claims[key]
		}
	}
	return ""
}

// gone forgets the claims of a member.
func (b *board) gone(member string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.DeleteFunc(b.claims, func(_, m string) bool { return m == member })
}

// count counts a trade.
func (b *board) count(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n < 1 || n > b.total {
		return
	}
	if b.counted[n]++; b.counted[n] > 1 {
		b.again++
		return
	}
	if b.done++; b.done == b.total {
		close(b.all)
	}
}

func (b *board) counts() (counted, again int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done, b.again
}

// waitForAll waits until each trade has been counted.
func (b *board) waitForAll(ctx context.Context) error {
	select {
	case <-b.all:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (b *board) happened(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = append(b.log, time.Now().Format("15:04:05 ")+what)
}

func (b *board) setNode(name string, node *sink.Broadcaster) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes[name] = node
}

// node returns the nodes in turn, nil if none runs.
func (b *board) node() (name string, node *sink.Broadcaster) {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := slices.Sorted(maps.Keys(b.nodes))
	for range names {
		b.visits++
		name = names[b.visits%len(names)]
		if node := b.nodes[name]; node != nil {
			return name, node
		}
	}
	return "", nil
}

// state returns what the page gets twice a second.
func (b *board) state() any {
	b.mu.Lock()
	defer b.mu.Unlock()
	return map[string]any{"total": b.total, "done": b.done, "again": b.again, "claims": maps.Clone(b.claims), "log": slices.Clone(b.log)}
}

//go:embed page.html
var pageHTML []byte

// page serves the page, the state, and the events from one node or the other.
func (d *demonstration) page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(pageHTML)
	})
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(d.board.state())
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		_, node := d.board.node()
		if node == nil {
			http.Error(w, "no node runs", http.StatusServiceUnavailable)
			return
		}
		// A browser is cut off every three seconds and reconnects to the other node.
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		node.ServeHTTP(w, r.WithContext(ctx))
	})
	return mux
}
