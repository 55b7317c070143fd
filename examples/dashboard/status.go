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

// A status is how the dashboard's own connection to the exchange is.
type status struct {
	State      string `json:"state"` // "live" or "waiting"
	Reason     string `json:"reason"`
	Reconnects int    `json:"reconnects"`
	Missing    int    `json:"missing"`
}

// A watch follows a stream and knows its status.
type watch struct {
	mu     sync.Mutex
	now    status
	opened bool
	last   int // the number of the last trade
}

// trace returns the hooks that tell the watch of its stream's connections.
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

// event counts what is missing: trades are numbered.
func (w *watch) event(e codec.Event) {
	n, err := strconv.Atoi(e.ID)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last > 0 && n > w.last+1 {
		w.now.Missing += n - w.last - 1
	}
	w.last = max(w.last, n)
}

// statuses returns the status as events: as soon as it has changed, and in between
// for pages that have just come.
func (w *watch) statuses() rxsse.Observable[codec.Event] {
	now := operators.Map(source.Interval(100*time.Millisecond), func(int) status {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.now
	})
	changed := operators.DistinctUntilChanged(now)
	return operators.EncodeJSON(operators.Merge(changed, operators.Sample(now, 2*time.Second)), "feed")
}

// unlessCancelled returns err, or nil if it only says that ctx was cancelled.
func unlessCancelled(ctx context.Context, err error) error {
	if err == context.Cause(ctx) { //nolint:errorlint // the cause itself, as it is
		return nil
	}
	return err
}
