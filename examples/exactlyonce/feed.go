package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// A Trade is an event of the feed.
type Trade struct {
	Symbol string    `json:"symbol"`
	Price  int64     `json:"price"`
	Volume int64     `json:"volume"`
	Time   time.Time `json:"time"`
}

// A feed serves trades as Server-Sent Events and keeps them: it resumes after the
// Last-Event-ID, as the guarantee requires. After the last trade it answers 204.
type feed struct {
	trades []Trade
	pace   time.Duration // between packets
}

// packet is the number of trades that the feed sends at a time.
const packet = 40

// newFeed makes n trades of 60 symbols, a millisecond apart. A third arrive up to 50 ms
// late, one in a hundred much later.
func newFeed(n int, seed uint64) *feed {
	random := rand.New(rand.NewPCG(seed, 0))
	begin := time.UnixMilli(1_700_000_000_000).UTC()
	f := &feed{trades: make([]Trade, n)}
	for i := range f.trades {
		at := begin.Add(time.Duration(i) * time.Millisecond)
		switch {
		case random.IntN(100) == 0:
			at = at.Add(-time.Duration(200+random.IntN(1000)) * time.Millisecond)
		case random.IntN(3) == 0:
			at = at.Add(-time.Duration(random.IntN(50)) * time.Millisecond)
		}
		f.trades[i] = Trade{"S" + strconv.Itoa(random.IntN(60)), 100 + int64(random.IntN(50)), 1 + int64(random.IntN(9)), at}
	}
	return f
}

// ServeHTTP sends the trades after the Last-Event-ID.
func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.Atoi(r.Header.Get("Last-Event-ID")) // 0: from the beginning
	if after >= len(f.trades) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	for i := after; i < len(f.trades); i++ {
		t := f.trades[i]
		_, err := fmt.Fprintf(w, "id: %d\nevent: trade\ndata: {\"symbol\":%q,\"price\":%d,\"volume\":%d,\"time\":%q}\n\n",
			i+1, t.Symbol, t.Price, t.Volume, t.Time.Format(time.RFC3339Nano))
		if err != nil {
			return
		}
		if i%packet == packet-1 && f.pace > 0 {
			if flush() != nil {
				return
			}
			select {
			case <-time.After(f.pace):
			case <-r.Context().Done():
				return
			}
		}
	}
}
