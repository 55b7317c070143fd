package sink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A progress bar. In the page:
//
//	const progress = new EventSource("/jobs/7/progress")
//	progress.addEventListener("percent", e => bar.value = e.data)
//	progress.addEventListener("done", () => progress.close())
func ExampleServe() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jobs/{id}/progress", func(w http.ResponseWriter, r *http.Request) {
		percent := operators.EncodeJSON(progressOf(r.PathValue("id")), "percent")
		done := source.Just(codec.Event{Type: "done"}) // the page closes the EventSource, or it would reconnect
		_ = sink.Serve(w, r, operators.Concat(percent, done))
	})

	server := httptest.NewServer(mux)
	defer server.Close()
	page := operators.TakeWhile(source.SSE(server.URL+"/jobs/7/progress"), func(e codec.Event) bool { return e.Type != "done" })
	err := sink.ForEach(context.Background(), page, func(e codec.Event) error {
		_, err := fmt.Println(e.Type, e.Data)
		return err
	})
	fmt.Println(err)
	// Output:
	// percent 0
	// percent 50
	// percent 100
	// <nil>
}

// A server that stops. Each response ends as if its stream had completed.
func ExampleServe_shutdown() {
	stopping := make(chan struct{})
	stop := operators.DefaultIfEmpty(source.FromChannel(stopping), struct{}{}) // an item for each stream
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		prices := operators.StartWith(source.Never[codec.Event](), codec.Event{Data: "1.07"})
		_ = sink.Serve(w, r, operators.TakeUntil(prices, stop))
	}))
	defer server.Close()
	server.Config.RegisterOnShutdown(func() { close(stopping) })

	page := source.SSE(server.URL, source.WithReconnect(source.ReconnectNever))
	for e, err := range page(context.Background()) {
		fmt.Println(e.Data, err)
		fmt.Println(server.Config.Shutdown(context.Background()))
	}
	// Output:
	// 1.07 <nil>
	// <nil>
}

// A response for clients behind a proxy that closes silent connections after 10 seconds.
// When the stream fails, the client gets a last event and comes back after 5 to 7.5
// seconds.
func ExampleServeHeartbeat() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		prices := source.Fail[codec.Event](errors.New("the database is down"))
		_ = sink.Serve(w, r, prices,
			sink.ServeHeartbeat(5*time.Second),
			sink.ServeRetry(5*time.Second),
			sink.ServeErrorEvent(func(error) codec.Event { return codec.Event{Type: "failed", Data: "try again later"} }))
	}

	server := httptest.NewServer(http.HandlerFunc(handler))
	defer server.Close()
	once := source.WithReconnect(source.ReconnectNever)
	last, err := sink.Last(context.Background(), source.SSE(server.URL, once))
	fmt.Println(last.Type, last.Data, err)
	fmt.Println(last.Retry >= 5*time.Second, last.Retry <= 7500*time.Millisecond)
	// Output:
	// failed try again later <nil>
	// true true
}

// A proxy for a language model: the browser gets the tokens as the provider sends them,
// and the provider stops when the browser leaves.
func ExampleServe_proxy() {
	provider := httptest.NewServer(http.HandlerFunc(answer))
	defer provider.Close()
	client := source.NewClient(source.WithIdleTimeout(time.Minute)) // a POST that was accepted is not sent again

	mux := http.NewServeMux()
	mux.HandleFunc("POST /chat", func(w http.ResponseWriter, r *http.Request) {
		question, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // the whole body, before the answer begins
		if err != nil {
			http.Error(w, "the question is too long", http.StatusRequestEntityTooLarge)
			return
		}
		req, _ := http.NewRequest(http.MethodPost, provider.URL, bytes.NewReader(question))
		req.Header.Set("Authorization", "Bearer "+os.Getenv("API_KEY"))
		tokens := operators.CompleteAt(client.ObserveRequest(req), func(e codec.Event) bool { return e.Data == "[DONE]" })
		err = sink.Serve(w, r, tokens, sink.ServeErrorEvent(func(error) codec.Event {
			return codec.Event{Type: "error", Data: "the answer is incomplete"} // the details go to the log
		}))
		if err != nil && r.Context().Err() == nil {
			log.Println("chat:", err)
		}
	})

	server := httptest.NewServer(mux)
	defer server.Close()
	for _, question := range []string{"Hello?", "Hang up!"} {
		resp, err := http.Post(server.URL+"/chat", "text/plain", bytes.NewReader([]byte(question)))
		if err != nil {
			fmt.Println(err)
			return
		}
		for e, err := range codec.NewDecoder(resp.Body).Events() {
			fmt.Println(e.Type, e.Data, err)
		}
		_ = resp.Body.Close()
	}
	// Output:
	// message Hello <nil>
	// message there! <nil>
	// message Hello <nil>
	// error the answer is incomplete <nil>
}

// answer is the provider of ExampleServe_proxy.
func answer(w http.ResponseWriter, r *http.Request) {
	question, _ := io.ReadAll(r.Body)
	events := []codec.Event{{Data: "Hello"}, {Data: "there!"}, {Data: "[DONE]"}}
	if string(question) == "Hang up!" {
		events = events[:1]
	}
	_ = sink.Serve(w, r, source.Just(events...))
}

// progressOf is the progress of a job, which completes with it.
func progressOf(string) rxsse.Observable[int] { return source.Just(0, 50, 100) }
