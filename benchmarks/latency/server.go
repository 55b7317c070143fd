package latency

import (
	"net/http"
	"strconv"
	"time"
)

// padding makes an event about 150 bytes.
const padding = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua ut enim"

// serve sends n events, rate per second, each in its own write as soon as it is due. The data
// of an event begins with the time just before it is written.
func serve(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.FormValue("events"))
	rate, err := strconv.Atoi(r.FormValue("rate"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	var event []byte
	begin := time.Now()
	for i := range n {
		due := time.Duration(i) * time.Second / time.Duration(rate)
		for wait := due - time.Since(begin); wait > 0; wait = due - time.Since(begin) {
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				return
			}
		}
		event = append(event[:0], "event: tick\ndata: "...)
		event = strconv.AppendInt(event, time.Now().UnixNano(), 10)
		event = append(event, " "+padding+"\n\n"...)
		if _, err := w.Write(event); err != nil {
			return
		}
		if control.Flush() != nil {
			return
		}
	}
	if _, err := w.Write([]byte("event: end\ndata: x\n\n")); err != nil || control.Flush() != nil {
		return
	}
	<-r.Context().Done()
}
