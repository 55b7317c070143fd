package main

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// tick is how often something is traded.
const tick = 20 * time.Millisecond

// quotes are the traded symbols.
var quotes = []struct {
	symbol string
	price  float64
}{
	{"BTC-EUR", 81_450}, {"ETH-EUR", 2_918}, {"SOL-EUR", 151.4}, {"XMR-JPY", 48_200},
}

// trading is the endless stream of an exchange's trades, numbered from 1.
func trading(seed uint64) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			random := rand.New(rand.NewPCG(seed, seed))
			market := slices.Clone(quotes)
			ticker := time.NewTicker(tick)
			defer ticker.Stop()
			for n := 1; ; n++ {
				select {
				case <-ctx.Done():
					yield(codec.Event{}, context.Cause(ctx))
					return
				case <-ticker.C:
				}
				m := &market[random.IntN(len(market))]
				m.price *= 1 + 0.0004*random.NormFloat64()
				made := time.Now().Add(-rand.N(disorder))
				data := fmt.Sprintf(`{"s":%q,"p":%.6g,"q":%.4g,"t":%d}`,
					m.symbol, m.price, math.Exp(random.NormFloat64())/m.price*1000, made.UnixMilli())
				if !yield(codec.Event{Type: "trade", ID: strconv.Itoa(n), Data: data}, nil) {
					return
				}
			}
		}
	}
}

// An exchange is a server of trades that behaves like a real one: it numbers its events,
// keeps them for a while for returning clients, and breaks its connections.
type exchange struct {
	trades *sink.Broadcaster
	server *http.Server
	addr   net.Addr
	cancel context.CancelFunc
	gone   sync.WaitGroup
}

// openExchange opens an exchange on a free port, until ctx ends or the exchange is closed.
// It breaks each connection after breaks, unless that is 0.
func openExchange(ctx context.Context, seed uint64, breaks time.Duration) (*exchange, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &exchange{
		trades: sink.NewBroadcaster(sink.WithRetry(200 * time.Millisecond)),
		addr:   listener.Addr(),
	}
	e.server = &http.Server{Handler: breaking(e.trades, breaks), ReadHeaderTimeout: 10 * time.Second}
	ctx, e.cancel = context.WithCancel(ctx)
	e.gone.Go(func() { _ = e.server.Serve(listener) })             // until it is closed
	e.gone.Go(func() { _ = e.trades.Publish(ctx, trading(seed)) }) // until it is cancelled
	return e, nil
}

// breaking breaks the connections of handler after d.
func breaking(handler http.Handler, d time.Duration) http.Handler {
	if d == 0 {
		return handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), d)
		defer cancel()
		handler.ServeHTTP(w, r.WithContext(ctx))
		panic(http.ErrAbortHandler)
	})
}

func (e *exchange) url() string { return "http://" + e.addr.String() }

func (e *exchange) close() {
	e.cancel()
	_ = e.server.Close() // also closes its connections
	e.gone.Wait()
}
