package endtoend

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/rxsse/rxsse/codec"
)

// A trade is the payload of an event.
type trade struct {
	Symbol string  `json:"s"`
	ID     int64   `json:"id"`
	Price  float64 `json:"p"`
	Qty    int64   `json:"q"`
	Buyer  bool    `json:"b"`
}

// Every fourth event has an unwanted type.
const unwanted = 4

// block is the number of events that the server encodes once and sends repeatedly.
const block = 1000

// encoded returns a block of events in the wire format, their data, and the sum of the
// quantities in those that are trades.
func encoded() (wire []byte, data []string, qty int64, err error) {
	for i := range block {
		e := codec.Event{Type: "trade", Data: fmt.Sprintf(`{"s":"BTCUSDT","id":%d,"p":%d.25,"q":%d,"b":%t}`, i, 60_000+i%100, 1+i%7, i%2 == 0)}
		if i%unwanted == 0 {
			e.Type = "quote"
		} else {
			qty += int64(1 + i%7)
		}
		data = append(data, e.Data)
		if wire, err = codec.AppendEvent(wire, e); err != nil {
			return nil, nil, 0, err
		}
	}
	return wire, data, qty, nil
}

// serve sends the requested number of blocks and one event of type end. It then keeps the
// connection open, unless the request is for a plain download.
func serve(wire []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		blocks, err := strconv.Atoi(r.FormValue("blocks"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for range blocks {
			if _, err := w.Write(wire); err != nil {
				return // the client has left
			}
		}
		if r.FormValue("download") != "" {
			return
		}
		fmt.Fprint(w, "event: end\ndata: {}\n\n")
		if http.NewResponseController(w).Flush() == nil {
			<-r.Context().Done()
		}
	}
}
