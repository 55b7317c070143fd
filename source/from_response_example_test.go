package source_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A server that answers with JSON or with a stream, like an MCP server.
func ExampleFromResponse() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: half\n\ndata: done\n\n")
	}))
	defer server.Close()

	resp, err := http.Post(server.URL, "application/json", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	if source.CheckContentType(resp) != nil {
		fmt.Println("not a stream:", resp.Header.Get("Content-Type"))
		return
	}
	events := source.FromResponse(resp, source.WithIdleTimeout(time.Minute))
	err = sink.ForEach(context.Background(), events, func(e codec.Event) error {
		_, err := fmt.Println(e.Data)
		return err
	})
	fmt.Println(err)
	// Output:
	// half
	// done
	// <nil>
}

// Look at the server's answer first, then use operators and sinks.
func ExampleSession_Observe() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Last-Event-ID") != "" {
			w.WriteHeader(http.StatusNoContent) // the client has everything
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Model", "small")
		_, _ = io.WriteString(w, "id: 1\ndata: hello\n\n")
	}))
	defer server.Close()

	ctx := context.Background()
	session, err := source.NewClient(source.WithReconnectionTime(time.Millisecond)).Open(ctx, server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	fmt.Println(session.Response().Header.Get("X-Model"))
	events, err := sink.Collect(ctx, session.Observe())
	fmt.Println(len(events), err)
	// Output:
	// small
	// 1 <nil>
}
