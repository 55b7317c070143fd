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

// orders is how many a shop has, one each 10 milliseconds.
const orders = 150

// A shop is a server of orders that breaks its connections.
type shop struct {
	server *http.Server
	addr   net.Addr
	cancel context.CancelFunc
	gone   sync.WaitGroup
}

func openShop(ctx context.Context) (*shop, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	out := sink.NewBroadcaster(sink.WithRetry(20 * time.Millisecond))
	s := &shop{addr: listener.Addr(), server: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 400*time.Millisecond)
			defer cancel()
			out.ServeHTTP(w, r.WithContext(ctx))
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}}
	ctx, s.cancel = context.WithCancel(ctx)
	s.gone.Go(func() { _ = s.server.Serve(listener) }) // until it is closed
	s.gone.Go(func() {
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

func (s *shop) url() string { return "http://" + s.addr.String() + "/?lastEventId=0" }

func (s *shop) close() {
	s.cancel()
	_ = s.server.Close()
	s.gone.Wait()
}
