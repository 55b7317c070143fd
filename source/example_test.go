package source_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
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

// Language models stream their answer to a POST. While the model is busy the request is
// tried again, after the time that the server asks for; once the server has accepted it, it
// is never sent again.
func ExampleClient_ObserveRequest() {
	model := ssetest.NewServer(func(c *ssetest.Conn) {
		if c.N == 1 {
			c.Header().Set("Retry-After", "0")
			c.Answer(http.StatusTooManyRequests, "busy")
		}
		c.Send(codec.Event{Data: "Because"}, codec.Event{Data: "of scattering."})
	})
	defer model.Close()

	req, err := http.NewRequest(http.MethodPost, model.URL(), strings.NewReader(`{"prompt":"Why is the sky blue?"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	client := source.NewClient(source.WithReconnectionTime(100 * time.Millisecond))
	for e, err := range client.ObserveRequest(req)(context.Background()) {
		fmt.Println(e.Data, err)
	}
	fmt.Println(len(model.Requests()), "requests")
	// Output:
	// Because <nil>
	// of scattering. <nil>
	// 2 requests
}

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

// Each attempt can have its own token, and a refused token can be renewed.
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

// Two replicas of a feed, which give an event the same ID: each attempt goes to the other
// one and resumes there, so a failover neither loses nor repeats events.
func ExampleWithPrepare_failover() {
	feed := []codec.Event{{ID: "1", Data: "one"}, {ID: "2", Data: "two"}, {ID: "3", Data: "three"}}
	a := ssetest.NewServer(ssetest.Replay(feed, 1)) // breaks in the middle of the second event
	defer a.Close()
	b := ssetest.NewServer(ssetest.Replay(feed))
	defer b.Close()

	replicas := []string{a.URL(), b.URL()}
	names := map[string]string{a.URL(): "a", b.URL(): "b"}
	attempts := 0 // of one subscription: make a separate stream for each
	events := source.SSE(replicas[0],
		source.WithPrepare(func(req *http.Request) (err error) {
			req.URL, err = url.Parse(replicas[attempts%len(replicas)])
			attempts++
			return err
		}),
		// Without it, a Retry-After of one replica would delay the attempt at the other.
		source.WithBackoff(source.Backoff{Wait: func(s source.BackoffState) time.Duration {
			if s.Failures < len(replicas) {
				return 0 // that is, Backoff.Min
			}
			return s.Wait // all have failed
		}}),
		source.WithTrace(&source.Trace{Open: func(a source.Attempt, resp *http.Response) {
			fmt.Printf("%s serves after %q\n", names[resp.Request.URL.String()], a.LastEventID)
		}}))
	for e, err := range events(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(e.ID, e.Data)
	}
	// Output:
	// a serves after ""
	// 1 one
	// b serves after "1"
	// 2 two
	// 3 three
}

// The second run of a program continues where the first one stopped.
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

// A program that runs its pipeline again after an error needs no file: the second run
// continues after the last event whose work succeeded.
func ExampleMemoryCheckpoint() {
	server := prices()
	defer server.Close()

	var position source.MemoryCheckpoint
	events := source.SSE(server.URL(), source.WithCheckpoint(&position), source.WithReconnectionTime(100*time.Millisecond))
	run := func(full bool) error {
		return sink.Commit(context.Background(), events, func(batch []codec.Event) error {
			if full && batch[0].ID == "2" {
				return errors.New("the disk is full")
			}
			fmt.Println(batch[0].ID, batch[0].Data)
			return nil
		}, &position)
	}
	fmt.Println(run(true))
	fmt.Println(run(false))
	// Output:
	// 1 {"BTC":81450}
	// the disk is full
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

// A stream that gives up when the server is unavailable for too long.
func ExampleWithBackoff() {
	server := ssetest.NewServer(func(c *ssetest.Conn) { c.Answer(http.StatusServiceUnavailable, "closed") })
	defer server.Close()

	backoff := source.Backoff{First: 100 * time.Millisecond, Growth: 1, GiveUpAfter: time.Second / 4}
	for _, err := range source.SSE(server.URL(), source.WithBackoff(backoff))(context.Background()) {
		fmt.Println(errors.Is(err, source.ErrStatus), len(server.Requests()) > 1)
	}
	// Output: true true
}

// A stream that ends with its first response, whatever the method.
func ExampleWithReconnect() {
	server := ssetest.NewServer(func(c *ssetest.Conn) { c.Send(codec.Event{Data: "the answer"}) })
	defer server.Close()

	for e, err := range source.SSE(server.URL(), source.WithReconnect(source.ReconnectUntilAccepted))(context.Background()) {
		fmt.Println(e.Data, err)
	}
	fmt.Println(len(server.Requests()), "request")
	// Output:
	// the answer <nil>
	// 1 request
}

// A server that omits the blank line after its last event.
func ExampleWithUnterminatedEvent() {
	server := ssetest.NewServer(func(c *ssetest.Conn) { c.Raw("data: one\n\ndata: [DONE]\n") })
	defer server.Close()

	for e, err := range source.SSE(server.URL(), source.WithUnterminatedEvent(true), source.WithReconnect(source.ReconnectNever))(context.Background()) {
		fmt.Println(e.Data, err)
	}
	// Output:
	// one <nil>
	// [DONE] <nil>
}

// A server that sends no Content-Type.
func ExampleWithResponseCheck() {
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		c.Answer(http.StatusOK, "data: one\n\n")
	})
	defer server.Close()

	check := func(resp *http.Response) error {
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") { // what net/http guesses
			return nil
		}
		return source.CheckContentType(resp)
	}
	opts := []source.Option{source.WithResponseCheck(check), source.WithReconnect(source.ReconnectNever)}
	for e, err := range source.SSE(server.URL(), opts...)(context.Background()) {
		fmt.Println(e.Data, err)
	}
	// Output: one <nil>
}

// A client that saves bandwidth, and one stream through a proxy that delays compressed
// events.
func ExampleWithCompression() {
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		fmt.Println(c.Request.Header.Get("Accept-Encoding"))
		c.Answer(http.StatusNoContent, "")
	})
	defer server.Close()

	client := source.NewClient(source.WithCompression(true))
	for _, stream := range []rxsse.Observable[codec.Event]{
		client.Observe(server.URL()),
		client.Observe(server.URL(), source.WithCompression(false)),
	} {
		for _, err := range stream(context.Background()) {
			fmt.Println(err)
		}
	}
	// Output:
	// gzip
	// identity
}

// Waits that follow your own formula: none after the first failure, then one second more
// after each.
func ExampleBackoffState() {
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		if c.N < 3 {
			c.Answer(http.StatusServiceUnavailable, "busy")
			return
		}
		c.Answer(http.StatusNoContent, "")
	})
	defer server.Close()

	backoff := source.Backoff{Min: time.Millisecond, Wait: func(s source.BackoffState) time.Duration {
		fmt.Println("failure", s.Failures)
		return max(s.RetryAfter, time.Duration(s.Failures-1)*time.Millisecond)
	}}
	for _, err := range source.SSE(server.URL(), source.WithBackoff(backoff))(context.Background()) {
		fmt.Println(err)
	}
	// Output:
	// failure 1
	// failure 2
}
