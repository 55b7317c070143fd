package main

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// A feed is an SSE server of numbered trades. It resumes after the Last-Event-ID.
type feed struct {
	trades int
	begin  time.Time    // when trade 1 was made; one follows each interval
	drops  atomic.Int64 // how often the feed has dropped its client
}

const (
	interval = 5 * time.Millisecond
	lifetime = 4 * time.Second // of a connection, then the feed drops it
)

var symbols = []string{"BTC", "ETH", "SOL", "ADA", "XRP", "DOT", "LTC", "UNI"}

func symbolOf(n int) string { return symbols[n*n%len(symbols)] }

// ServeHTTP sends the trades after the Last-Event-ID as they are made.
func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.Header.Get("Last-Event-ID")) // 0: from the beginning
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	end := time.Now().Add(lifetime)
	for time.Now().Before(end) || n >= f.trades {
		for made := int(time.Since(f.begin) / interval); n < min(made, f.trades); {
			n++
			if _, err := fmt.Fprintf(w, "id: %d\nevent: trade\ndata: {\"n\":%d,\"symbol\":%q}\n\n", n, n, symbolOf(n)); err != nil {
				return
			}
		}
		if flush() != nil {
			return
		}
		select {
		case <-time.After(4 * interval):
		case <-r.Context().Done():
			return
		}
	}
	f.drops.Add(1)
}
