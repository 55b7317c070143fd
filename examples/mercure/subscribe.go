package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A subscription follows topics of a hub.
//
// https://mercure.rocks/spec, in particular 5 (subscription) and 9 (reconciliation).
type subscription struct {
	hub    string
	topics []string
	token  string
	since  string
	count  int // the number of updates after which it ends; 0: no limit

	lost atomic.Int64 // how often the hub could not resume after the subscriber's last update
}

// updates returns the updates as a stream.
func (s *subscription) updates() (rxsse.Observable[codec.Event], error) {
	u, err := url.Parse(s.hub)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	for _, topic := range s.topics {
		query.Add("topic", topic)
	}
	u.RawQuery = query.Encode()

	opts := []source.Option{
		// "earliest" is an ID for the hub. Later requests send the ID of the last update.
		source.WithLastEventID(s.since),
		source.WithTrace(&source.Trace{Open: s.reconcile}),
		source.WithLogger(slog.Default()), // shows why there are no updates
		// Topics are not secret: let errors show them.
		source.WithVisibleQuery("topic"),
	}
	if s.token != "" {
		opts = append(opts, source.WithHeader("Authorization", "Bearer "+s.token))
	}
	return source.SSE(u.String(), opts...), nil
}

// reconcile checks after which update the hub begins. If that is not the requested one, the
// hub's history does not reach back to it, and the updates in between are lost.
func (s *subscription) reconcile(_ source.Attempt, resp *http.Response) {
	asked := resp.Request.Header.Get("Last-Event-ID")
	begins := resp.Header.Get("Last-Event-ID")
	if asked != "" && asked != "earliest" && begins != "" && begins != asked {
		s.lost.Add(1)
	}
}

// follow prints the updates.
func (s *subscription) follow(ctx context.Context, stdout io.Writer) error {
	updates, err := s.updates()
	if err != nil {
		return err
	}
	if s.count > 0 {
		updates = operators.Take(updates, s.count)
	}
	count := 0
	err = sink.ForEach(ctx, updates, func(e codec.Event) error {
		count++
		if s.lost.Swap(0) > 0 {
			if _, err := fmt.Fprintln(stdout, "-- the hub has forgotten some updates: fetch the resources again"); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(stdout, "%q %-9q %q\n", e.ID, e.Type, e.Data)
		return err
	})
	ending := "the hub completed the stream"
	switch {
	case ctx.Err() != nil:
		ending, err = "interrupted", nil
	case err != nil:
		ending = "with an error"
	case s.count > 0 && count == s.count:
		ending = "after the number asked for"
	}
	if _, printing := fmt.Fprintf(stdout, "updates: %d  ended: %s\n", count, ending); printing != nil {
		return printing
	}
	return err
}
