package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
)

// A wiki stands in for the real server: IDs are lists of positions in two data centres, a
// resumed stream repeats the changes of the millisecond in which it broke, connections end
// after a while, and there are canaries.
type wiki struct {
	server *http.Server
	addr   net.Addr
	gone   sync.WaitGroup
	began  time.Time
}

const (
	wikiPause      = 5 * time.Millisecond // between two moments with changes
	wikiConnection = 700 * time.Millisecond
)

// A position is how far the stream of a data centre has been read: up to a time or, with an
// offset of -1, to its end.
type position struct {
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	Timestamp int64  `json:"timestamp,omitzero"`
	Offset    int64  `json:"offset,omitzero"`
}

func openWiki(ctx context.Context) (*wiki, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wiki{addr: listener.Addr(), began: time.Now()}
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: 10 * time.Second}
	w.gone.Go(func() { _ = w.server.Serve(listener) }) // until it is closed
	return w, nil
}

func (w *wiki) url() string { return "http://" + w.addr.String() + "/v2/stream/recentchange" }

func (w *wiki) close() {
	_ = w.server.Close()
	w.gone.Wait()
}

// ServeHTTP answers with the changes since the time in the Last-Event-ID, including that
// time.
func (w *wiki) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.UserAgent(), "(") {
		http.Error(out, "say who you are", http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), wikiConnection)
	defer cancel()
	moment := int64(time.Since(w.began) / wikiPause)
	var positions []position
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		if err := json.Unmarshal([]byte(id), &positions); err != nil {
			http.Error(out, "a Last-Event-ID of another kind", http.StatusBadRequest)
			return
		}
	}
	for _, p := range positions {
		if p.Timestamp > 0 {
			moment = (p.Timestamp - w.began.UnixMilli()) / wikiPause.Milliseconds()
		}
	}
	out.Header().Set("Content-Type", "text/event-stream")
	events := codec.NewEncoder(out)
	if events.Encode(codec.Event{Comment: "ok"}) != nil || events.Encode(codec.Event{Retry: 50 * time.Millisecond}) != nil {
		return
	}
	for ; ; moment++ {
		at := w.began.Add(time.Duration(moment) * wikiPause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(at)):
		}
		for n := range 1 + moment%3 {
			if events.Encode(change(at, moment, n)) != nil {
				return
			}
		}
		if http.NewResponseController(out).Flush() != nil {
			return
		}
	}
}

// change returns the n-th change of a moment, which is always the same.
func change(at time.Time, moment, n int64) codec.Event {
	random := rand.New(rand.NewPCG(uint64(moment), uint64(n)))
	domain, where := "en.wikipedia.org", []string{"enwiki", "dewiki", "wikidatawiki", "commonswiki"}[random.IntN(4)]
	if random.IntN(50) == 0 {
		domain, where = "canary", "canary"
	}
	id, err := json.Marshal([]position{
		{Topic: "eqiad.mediawiki.recentchange", Timestamp: at.UnixMilli()},
		{Topic: "codfw.mediawiki.recentchange", Offset: -1},
	})
	if err != nil {
		panic(err) // our changes can be encoded
	}
	return codec.Event{ID: string(id), Data: fmt.Sprintf(
		`{"meta":{"id":"%016x%016x","domain":%q,"dt":%q},"type":"edit","wiki":%q,"bot":%t}`,
		random.Uint64(), random.Uint64(), domain, at.UTC().Format(time.RFC3339Nano), where, random.IntN(2) == 0)}
}
