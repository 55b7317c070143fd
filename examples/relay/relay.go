package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// An Order belongs to one user. No other user may see it. Each change raises its version.
type Order struct {
	User    string `json:"user"`
	Number  int    `json:"number"`
	Version int    `json:"version"`
	State   string `json:"state"`
}

// A relay passes changes of orders on to the browsers of their users. A browser first gets
// the current orders, then every change, without a gap in between.
type relay struct {
	logins *logins
	board  *sink.Broadcaster

	mu     sync.Mutex // guards orders, and is held while a change is sent
	orders map[string]map[int]Order
}

func newRelay(logins *logins) *relay {
	r := &relay{logins: logins, orders: map[string]map[int]Order{}}
	r.board = sink.NewBroadcaster(
		sink.WithClient(r.client),
		sink.WithHistory(20_000, 8<<20), // a browser that misses more gets the current orders again
		sink.WithRetry(100*time.Millisecond),
	)
	return r
}

// run relays the changes of src until it ends. Then browsers need not come back.
func (r *relay) run(ctx context.Context, src rxsse.Observable[Order]) error {
	if err := sink.ForEach(ctx, src, func(o Order) error { return r.change(ctx, o) }); err != nil {
		return err
	}
	return r.board.Complete(ctx)
}

// change stores a change and sends it under one lock, so no snapshot falls in between.
func (r *relay) change(ctx context.Context, o Order) error {
	e, err := o.event()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.orders[o.User] == nil {
		r.orders[o.User] = map[int]Order{}
	}
	r.orders[o.User][o.Number] = o
	return r.board.Send(ctx, e)
}

// event encodes a change. Its ID is the same after a restart of the relay, so browsers can
// resume then too.
func (o Order) event() (codec.Event, error) {
	data, err := json.Marshal(o)
	return codec.Event{Type: "order", ID: strconv.Itoa(o.Number) + "." + strconv.Itoa(o.Version), Data: string(data)}, err
}

// client decides what a request gets: nothing without a login, otherwise the orders of
// its user.
func (r *relay) client(req *http.Request) (sink.ClientConfig, error) {
	login, err := r.logins.of(req)
	if err != nil {
		return sink.ClientConfig{}, &sink.Refusal{Status: http.StatusUnauthorized, Message: "log in first"}
	}
	snapshot, from, err := r.snapshot(login.user)
	if err != nil {
		return sink.ClientConfig{}, err
	}
	return sink.ClientConfig{
		Filter: func(e codec.Event) bool { return owner(e) == login.user },
		Group:  login.user, // all browsers of a user share the decisions of the filter
		First:  source.Just(snapshot...),
		From:   from,
	}, nil
}

// snapshot returns the current orders of a user and the position in the broadcast after the
// last change that they contain.
func (r *relay) snapshot(user string) ([]codec.Event, sink.Position, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var events []codec.Event
	for _, o := range r.orders[user] {
		e, err := o.event()
		if err != nil {
			return nil, sink.Position{}, err
		}
		e.ID = "" // a browser resumes after a change, never within a snapshot
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b codec.Event) int { return number(a) - number(b) })
	return events, r.board.Position(), nil
}

func decode(e codec.Event) (o Order) {
	if err := json.Unmarshal([]byte(e.Data), &o); err != nil {
		return Order{} // without a user: no browser gets it
	}
	return o
}

func owner(e codec.Event) string { return decode(e).User }
func number(e codec.Event) int   { return decode(e).Number }
