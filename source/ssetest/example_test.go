package ssetest_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A server that breaks its first connection, and a client that resumes where it broke. In a
// test, run this in a bubble of testing/synctest: the three seconds before the client
// reconnects then take no time.
func Example() {
	server := ssetest.NewMemoryServer(func(c *ssetest.Conn) {
		switch c.LastEventID() {
		case "":
			c.Send(codec.Event{ID: "1", Data: "one"})
			c.Raw("id: 2\ndata: tw")
			c.Drop()
		case "1":
			c.Send(codec.Event{ID: "2", Data: "two"})
		default:
			c.Answer(http.StatusNoContent, "")
		}
	})
	defer server.Close()

	client := source.NewClient(source.WithHTTPClient(server.Client()), source.WithReconnectionTime(0))
	for e, err := range client.Observe(server.URL())(context.Background()) {
		fmt.Println(e.ID, e.Data, err)
	}
	// Output:
	// 1 one <nil>
	// 2 two <nil>
}
