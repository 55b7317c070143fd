package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// orders is the number of orders in the shop, one every 10 milliseconds.
const orders = 150

// A server serves a handler on a free port until it is closed.
type server struct {
	url    string
	http   *http.Server
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func serve(ctx context.Context, handler http.Handler) (*server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{
		url:    "http://" + listener.Addr().String() + "/?lastEventId=0", // from the beginning
		http:   &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		cancel: func() {},
	}
	s.done.Go(func() { _ = s.http.Serve(listener) })
	return s, nil
}

func (s *server) close() {
	s.cancel()
	_ = s.http.Close()
	s.done.Wait()
}

// openShop starts a shop that sends orders and breaks each connection after 400 ms.
func openShop(ctx context.Context) (*server, error) {
	out := sink.NewBroadcaster(sink.WithRetry(20 * time.Millisecond))
	s, err := serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 400*time.Millisecond)
		defer cancel()
		out.ServeHTTP(w, r.WithContext(ctx))
	}))
	if err != nil {
		return nil, err
	}
	ctx, s.cancel = context.WithCancel(ctx)
	s.done.Go(func() {
		all := operators.Map(operators.Take(source.Interval(10*time.Millisecond), orders), func(n int) Order {
			return Order{Number: n, Lines: []Line{
				{Product: "lamp", Pieces: 1 + n%3},
				{Product: fmt.Sprintf("bulb %d", n%2), Pieces: 2},
				{Product: "chair", Pieces: n % 2},
			}}
		})
		if out.Publish(ctx, operators.EncodeJSON(all, "order")) == nil {
			_ = out.Complete(ctx)
		}
	})
	return s, nil
}
