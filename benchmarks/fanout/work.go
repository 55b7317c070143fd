package fanout

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/benchmarks/child"
)

// A job makes a child process run Server and report its address to Parent.
type job struct{ Server, Parent string }

// within is the time limit of a run.
const within = 2 * time.Minute

// padding makes an event about 200 bytes.
const padding = " lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua ut enim ad minim veniam quis nostrud"

// Parts returns the parts that child processes run for this section.
func Parts() map[string]child.Part {
	return map[string]child.Part{Name: func(arguments []byte) (any, error) {
		var j job
		if err := json.Unmarshal(arguments, &j); err != nil {
			return nil, err
		}
		for _, s := range append(Servers(), bare()) {
			if s.Name == j.Server {
				return nil, serve(s, j.Parent)
			}
		}
		return nil, fmt.Errorf("there is no server %q", j.Server)
	}}
}

// serve runs a server until the parent stops it. It greets clients with events of type hello
// until it has to publish.
func serve(s Server, parent string) error {
	ctx, quit := context.WithTimeout(context.Background(), within)
	defer quit()
	events, publish := s.Start()
	greetings := greet(ctx, publish)
	mux := http.NewServeMux()
	mux.Handle("/events", events)
	mux.HandleFunc("/publish", func(w http.ResponseWriter, r *http.Request) {
		greetings()
		if err := broadcast(r, publish); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/quiet", func(http.ResponseWriter, *http.Request) { greetings() })
	mux.HandleFunc("/cpu", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, int64(child.CPU()))
	})
	mux.HandleFunc("/quit", func(http.ResponseWriter, *http.Request) { quit() })
	listener := httptest.NewUnstartedServer(mux)
	counting := &countingListener{Listener: listener.Listener}
	listener.Listener = counting
	mux.HandleFunc("/counts", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, counting.report(r.FormValue("collect") == "true"))
	})
	listener.Start()
	_, err := ask(ctx, parent+"/?at="+url.QueryEscape(listener.URL))
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// greet publishes greetings until the function that it returns is called.
func greet(ctx context.Context, publish func(kind, data string) error) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
				_ = publish("hello", "x") // if it fails, clients get no greeting and the run times out
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

// broadcast publishes the requested number of events, with pauses in between, and one of
// type pause at the end. The data of an event begins with the time.
func broadcast(r *http.Request, publish func(kind, data string) error) error {
	n, err := strconv.Atoi(r.FormValue("events"))
	if err != nil {
		return err
	}
	every, err := time.ParseDuration(r.FormValue("every"))
	if err != nil {
		return err
	}
	begin := time.Now()
	for i := range n {
		if wait := time.Duration(i)*every - time.Since(begin); wait > 0 {
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				return context.Cause(r.Context())
			}
		}
		if err := publish("tick", strconv.FormatInt(time.Now().UnixNano(), 10)+padding); err != nil {
			return err
		}
	}
	return publish("pause", "x")
}

// ask sends a request and returns the answer.
func ask(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, body)
	}
	return string(body), nil
}
