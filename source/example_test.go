package source_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// prices is a server with two events, whose connection breaks after the first.
func prices() *ssetest.Server {
	return ssetest.NewServer(ssetest.Replay([]codec.Event{
		{Type: "price", ID: "1", Data: `{"BTC":81450}`},
		{Type: "price", ID: "2", Data: `{"BTC":81462}`},
	}, 1))
}

func ExampleSSE() {
	server := prices()
	defer server.Close()

	events := source.SSE(server.URL(), source.WithReconnectionTime(100*time.Millisecond))
	for e, err := range events(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(e.ID, e.Type, e.Data)
	}
	// Output:
	// 1 price {"BTC":81450}
	// 2 price {"BTC":81462}
}

// A client keeps what its streams have in common.
func ExampleClient() {
	server := prices()
	defer server.Close()

	client := source.NewClient(
		source.WithHeader("Authorization", "Bearer token"),
		source.WithReconnectionTime(100*time.Millisecond),
	)
	for e, err := range client.Observe(server.URL(), source.WithLastEventID("1"))(context.Background()) {
		fmt.Println(e.ID, e.Data, err)
	}
	// Output:
	// 2 {"BTC":81462} <nil>
}

// Services such as language models stream the answer to a POST. Their streams
// end by themselves and are not to be repeated: no reconnecting.
func ExampleClient_ObserveRequest() {
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		for word := range strings.FieldsSeq("You said: " + string(c.Request.Body)) {
			c.Send(codec.Event{Data: word})
		}
		c.Send(codec.Event{Data: "[DONE]"})
	})
	defer server.Close()

	req, err := http.NewRequest(http.MethodPost, server.URL(), strings.NewReader("hello"))
	if err != nil {
		fmt.Println(err)
		return
	}
	var client source.Client
	for e, err := range client.ObserveRequest(req, source.WithReconnect(source.ReconnectNever))(context.Background()) {
		if err != nil || e.Data == "[DONE]" {
			break
		}
		fmt.Print(e.Data, " ")
	}
	// Output: You said: hello
}

// A session knows the server's answer before the first event.
func ExampleClient_Open() {
	server := prices()
	defer server.Close()

	client := source.NewClient(source.WithReconnectionTime(100 * time.Millisecond))
	session, err := client.Open(context.Background(), server.URL())
	if err != nil {
		fmt.Println(err) // the first attempt has failed
		return
	}
	defer session.Close()
	fmt.Println(session.Response().Status)
	for e, err := range session.Events() {
		fmt.Println(e.ID, e.Data, err)
	}
	// Output:
	// 200 OK
	// 1 {"BTC":81450} <nil>
	// 2 {"BTC":81462} <nil>
}

// Each attempt can have a token of its own, and a refused one can be renewed.
func ExampleWithPrepare() {
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		if c.Request.Header.Get("Authorization") != "Bearer fresh" {
			c.Answer(http.StatusUnauthorized, "the token has expired")
		}
		c.Send(codec.Event{Data: "welcome"})
		c.Hold()
	})
	defer server.Close()

	token := "stale"
	events := source.SSE(server.URL(),
		source.WithReconnectionTime(100*time.Millisecond),
		source.WithPrepare(func(req *http.Request) error {
			req.Header.Set("Authorization", "Bearer "+token)
			return nil
		}),
		source.WithRetryIf(func(e *source.Error) bool {
			if e.StatusCode == http.StatusUnauthorized && token != "fresh" {
				token = "fresh" // ask for one here
				return true
			}
			return e.Temporary()
		}))
	for e, err := range events(context.Background()) {
		fmt.Println(e.Data, err)
		break
	}
	// Output: welcome <nil>
}

// The second run of a program goes on where the first has stopped.
func ExampleWithCheckpoint() {
	server := prices()
	defer server.Close()
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()

	run := func() error {
		position := source.NewFileCheckpoint(filepath.Join(folder, "prices.checkpoint"))
		events := source.SSE(server.URL(), source.WithCheckpoint(position))
		for e, err := range events(context.Background()) {
			if err != nil {
				return err
			}
			fmt.Println(e.ID, e.Data) // the work
			return position.Save(context.Background(), e.ID)
		}
		return nil
	}
	fmt.Println(run())
	fmt.Println(run())
	// Output:
	// 1 {"BTC":81450}
	// <nil>
	// 2 {"BTC":81462}
	// <nil>
}

func ExampleError() {
	server := ssetest.NewServer(func(c *ssetest.Conn) { c.Answer(http.StatusForbidden, "no such key") })
	defer server.Close()

	for _, err := range source.SSE(server.URL() + "?key=secret")(context.Background()) {
		var failure *source.Error
		if errors.As(err, &failure) && failure.StatusCode == http.StatusForbidden {
			fmt.Println("forbidden:", string(failure.Body))
		}
	}
	// Output: forbidden: no such key
}

func ExampleWithTrace() {
	server := prices()
	defer server.Close()

	trace := &source.Trace{
		Open:         func(_ source.Attempt, resp *http.Response) { fmt.Println("open:", resp.Status) },
		Disconnected: func(_ source.Attempt, err error) { fmt.Println("disconnected") },
	}
	events := source.SSE(server.URL(), source.WithTrace(trace), source.WithReconnectionTime(100*time.Millisecond))
	for e := range events(context.Background()) {
		fmt.Println("event", e.ID)
	}
	// Output:
	// open: 200 OK
	// event 1
	// disconnected
	// open: 200 OK
	// event 2
	// disconnected
}
