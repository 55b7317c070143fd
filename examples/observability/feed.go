package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// newFeed starts a server of trades that drops each connection after a second and sometimes
// refuses one.
func newFeed() *ssetest.Server {
	return ssetest.NewServer(func(c *ssetest.Conn) {
		if c.N%4 == 0 {
			c.Answer(http.StatusServiceUnavailable, "try again")
		}
		last, _ := strconv.Atoi(c.LastEventID()) // 0 without one
		for i := range 50 {
			c.Send(codec.Event{Type: "trade", ID: strconv.Itoa(last + i + 1), Data: `{"symbol":"ACME","price":42}`})
			c.Sleep(20 * time.Millisecond)
		}
		if c.N%2 == 1 {
			c.Drop()
		}
	})
}

// browse acts as a page that stays for a while, leaves and comes back.
func browse(ctx context.Context, url string) {
	page := source.NewClient(source.WithReconnectionTime(100 * time.Millisecond))
	for ctx.Err() == nil {
		visit, leave := context.WithTimeout(ctx, 700*time.Millisecond)
		_ = sink.ForEach(visit, page.Observe(url), func(codec.Event) error { return nil }) // ends with the visit
		leave()
	}
}
