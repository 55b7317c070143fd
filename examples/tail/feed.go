package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A feed is an embedded server of events. It breaks its connections, and completes.
type feed struct {
	server *http.Server
	addr   net.Addr
	cancel context.CancelFunc
	gone   sync.WaitGroup
}

// ticks is the number of events, one every 100 ms.
const ticks = 20

func openFeed(ctx context.Context) (*feed, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	out := sink.NewBroadcaster(sink.WithRetry(100*time.Millisecond), sink.WithHeartbeat(90*time.Millisecond))
	f := &feed{addr: listener.Addr(), server: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 700*time.Millisecond)
			defer cancel()
			out.ServeHTTP(w, r.WithContext(ctx))
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}}
	ctx, f.cancel = context.WithCancel(ctx)
	f.gone.Go(func() { _ = f.server.Serve(listener) }) // until it is closed
	f.gone.Go(func() {
		events := operators.Map(operators.Take(source.Interval(100*time.Millisecond), ticks), func(n int) codec.Event {
			if n%5 == 4 {
				return codec.Event{Type: "note", Data: "one tick in five\nis a note"}
			}
			return codec.Event{Type: "tick", Data: fmt.Sprintf(`{"n": %d, "price": {"EUR": %.2f}}`, n, 100+float64(n*n%7))}
		})
		if out.Publish(ctx, events) == nil {
			_ = out.Complete(ctx)
		}
	})
	return f, nil
}

func (f *feed) url() string { return "http://" + f.addr.String() + "/?lastEventId=0" }

func (f *feed) close() {
	f.cancel()
	_ = f.server.Close()
	f.gone.Wait()
}
