package main

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// A status is the state of the dashboard's connection to the exchange.
type status struct {
	State      string `json:"state"` // "live" or "waiting"
	Reason     string `json:"reason"`
	Reconnects int    `json:"reconnects"`
	Trades     int    `json:"trades"`
	Missing    int    `json:"missing"` // trades
}

// A watch follows a stream and knows its status.
type watch struct {
	mu     sync.Mutex
	now    status
	opened bool
	last   int // the number of the last trade
}

// trace returns the hooks that report the connections to the watch.
func (w *watch) trace() *source.Trace {
	return &source.Trace{
		Open: func(source.Attempt, *http.Response) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.opened {
				w.now.Reconnects++
			}
			w.opened = true
			w.now.State, w.now.Reason = "live", ""
		},
		Disconnected: func(_ source.Attempt, err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.now.State, w.now.Reason = "waiting", "the connection broke"
			if err == io.EOF { //nolint:errorlint // the hook's own convention
				w.now.Reason = "the exchange closed it"
			}
		},
	}
}

// event counts the trades and, by their numbers, the missing ones.
func (w *watch) event(e codec.Event) {
	n, err := strconv.Atoi(e.ID)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > w.last {
		w.now.Trades++
	}
	if w.last > 0 && n > w.last+1 {
		w.now.Missing += n - w.last - 1
	}
	w.last = max(w.last, n)
}

// statuses returns the status as events: soon after the connection has changed, and every
// second with the number of trades.
func (w *watch) statuses() rxsse.Observable[codec.Event] {
	now := operators.Map(source.Interval(100*time.Millisecond), func(int) status {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.now
	})
	changed := operators.DistinctUntilChangedFunc(now, status.isSameConnection)
	return operators.EncodeJSON(operators.Merge(changed, operators.Sample(now, time.Second)), "feed")
}

// isSameConnection reports whether s and other differ only in the number of trades.
func (s status) isSameConnection(other status) bool {
	s.Trades = other.Trades
	return s == other
}

// unlessCancelled returns err, or nil if it only says that ctx was cancelled.
func unlessCancelled(ctx context.Context, err error) error {
	if err == context.Cause(ctx) { //nolint:errorlint // the cause itself, as it is
		return nil
	}
	return err
}
