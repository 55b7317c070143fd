package ssetest

import (
	"net/http"
	"slices"
	"sync"

	"github.com/rxsse/rxsse/codec"
)

// Replay returns the script of a server that keeps its events, on a network that breaks. It
// sends each client the events after its last event ID, or all of them if it does not know
// that ID, and then ends the response. It answers 204 to a client that has them all, so
// that the client does not connect again. Each event should have a unique ID.
//
// Each of drops is an index of events: the first connection to reach that event is dropped
// in the middle of it.
func Replay(events []codec.Event, drops ...int) func(*Conn) {
	var mu sync.Mutex
	pending := slices.Clone(drops)
	dropAt := func(i int) bool {
		mu.Lock()
		defer mu.Unlock()
		before := len(pending)
		pending = slices.DeleteFunc(pending, func(drop int) bool { return drop == i })
		return len(pending) < before
	}
	return func(c *Conn) {
		next := 0
		if id := c.LastEventID(); id != "" {
			next = 1 + slices.IndexFunc(events, func(e codec.Event) bool { return e.ID == id })
		}
		if next == len(events) {
			c.Answer(http.StatusNoContent, "")
		}
		for i := next; i < len(events); i++ {
			if dropAt(i) {
				wire := events[i].String()
				c.Raw(wire[:len(wire)/2])
				c.Drop()
			}
			c.Send(events[i])
		}
	}
}
