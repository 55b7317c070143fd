package sink_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A stream for browsers. A page reads it with new EventSource("/prices?type=price").
func ExampleBroadcaster() {
	prices := sink.NewBroadcaster(sink.WithHistory(1000, 1<<20))
	mux := http.NewServeMux()
	mux.Handle("/prices", prices)
	server := httptest.NewServer(mux)
	defer server.Close()

	err := prices.Publish(context.Background(), source.Just(
		codec.Event{Type: "price", Data: "81450"},
		codec.Event{Type: "news", Data: "quiet day"},
		codec.Event{Type: "price", Data: "81460"},
	))
	if err != nil {
		fmt.Println(err)
	}

	// A client that names an unknown ID gets the whole history.
	client := source.SSE(server.URL + "/prices?type=price&lastEventId=none")
	first, err := sink.First(context.Background(), client)
	fmt.Println(first.Data, err)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(prices.Complete(ctx))
	// Output:
	// 81450 <nil>
	// <nil>
}

// The order in which a server stops without losing a page: the server closes its
// listener, the streams end, and the pages look for the next server.
func ExampleBroadcaster_BeginShutdown() {
	events := sink.NewBroadcaster(sink.WithRetry(time.Second))
	server := &http.Server{Addr: "localhost:0", Handler: events, ReadHeaderTimeout: 10 * time.Second}
	server.RegisterOnShutdown(events.BeginShutdown)
	serving := make(chan error, 1)
	go func() { serving <- server.ListenAndServe() }()

	time.AfterFunc(10*time.Millisecond, func() { // a signal arrives
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			_ = server.Close() // there are clients that do not read
		}
	})
	fmt.Println(errors.Is(<-serving, http.ErrServerClosed))
	// Output: true
}

// Each user sees the events of the user's rooms, and first the current state of these
// rooms.
func ExampleWithClient() {
	type message struct{ Room, Text string }
	var (
		mu     sync.Mutex // guards newest, and orders it with the calls of Send
		newest = map[string]message{}
		chat   *sink.Broadcaster
	)
	post := func(ctx context.Context, m message) error {
		data, err := json.Marshal(m)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		newest[m.Room] = m
		return chat.Send(ctx, codec.Event{Type: m.Room, Data: string(data)})
	}
	rooms := map[string][]string{"ann": {"go"}, "bob": {"go", "tea"}} // by user

	chat = sink.NewBroadcaster(sink.WithClient(func(r *http.Request) (sink.ClientConfig, error) {
		user, _, _ := r.BasicAuth()
		allowed, known := rooms[user]
		if !known {
			return sink.ClientConfig{}, &sink.Refusal{Status: http.StatusUnauthorized, Message: "log in first"}
		}
		mu.Lock()
		defer mu.Unlock()
		var state []codec.Event
		for _, room := range allowed {
			if m, ok := newest[room]; ok {
				state = append(state, codec.Event{Type: "state", Data: m.Room + ": " + m.Text})
			}
		}
		return sink.ClientConfig{
			Filter: func(e codec.Event) bool { return slices.Contains(allowed, e.Type) },
			Group:  strings.Join(allowed, " "), // users in the same rooms share the filter
			First:  source.Just(state...),
			From:   chat.Position(),
			Left:   func(d sink.Departure) { fmt.Println(user, "left:", d.Reason) },
		}, nil
	}))

	ctx := context.Background()
	_ = post(ctx, message{"tea", "it is ready"})
	_ = post(ctx, message{"go", "1.26 is out"})
	server := httptest.NewServer(chat)
	defer server.Close()
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	r.SetBasicAuth("ann", "secret")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	_ = post(ctx, message{"tea", "it is cold"})
	_ = post(ctx, message{"go", "upgrade"})
	_ = chat.Complete(ctx)
	for e := range codec.NewDecoder(response.Body).Events() {
		fmt.Println(e.Type, e.Data)
	}
	// Output:
	// ann left: ended
	// state go: 1.26 is out
	// go {"Room":"go","Text":"upgrade"}
}

// Clients whose ID the history has forgotten are served from a table.
func ExampleWithReplay() {
	table := []codec.Event{{ID: "1", Data: "a"}, {ID: "2", Data: "b"}, {ID: "3", Data: "c"}, {ID: "4", Data: "d"}}
	events := sink.NewBroadcaster(sink.WithHistory(2, 1<<20),
		sink.WithReplay(func(_ context.Context, lastEventID string) (rxsse.Observable[codec.Event], error) {
			// SELECT … WHERE id > $1 ORDER BY id
			i := slices.IndexFunc(table, func(e codec.Event) bool { return e.ID == lastEventID })
			if i < 0 {
				return nil, nil // unknown: the client gets the history
			}
			return source.Just(table[i+1:]...), nil
		}))
	_ = events.Send(context.Background(), table...)
	_ = events.Complete(context.Background())

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Last-Event-ID", "1")
	w := httptest.NewRecorder()
	events.ServeHTTP(w, r)
	for e := range codec.NewDecoder(w.Body).Events() {
		fmt.Println(e.ID, e.Data)
	}
	// Output:
	// 2 b
	// 3 c
	// 4 d
}

// A dashboard where the newest value matters most: a slow client misses events, and is
// not disconnected.
func ExampleWithSlowClients() {
	b := sink.NewBroadcaster(sink.WithHistory(64, 1<<20), sink.WithSlowClients(sink.SkipEvents))
	server := httptest.NewServer(b)
	defer server.Close()

	err := b.Publish(context.Background(), source.Just(codec.Event{Data: "81450", ID: "1"}))
	fmt.Println(b.Complete(context.Background()))
	fmt.Println(err, b.Stats().Skipped, "events skipped")
	// Output:
	// <nil>
	// <nil> 0 events skipped
}
