package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A Trade is the payload of the feed's trade events. Like many exchanges it
// sends numbers as strings.
type Trade struct {
	Symbol   string  `json:"s"`
	Name     string  `json:"n"`
	Price    float64 `json:"p,string"`
	Quantity float64 `json:"q,string"`
}

// trade runs the pipeline on the embedded feed.
func trade(ctx context.Context, out *printer, f *feed, window time.Duration) error {
	defer f.close()
	out.say("An exchange on loopback sends trades for %v and breaks the connection %d times. The first window closes after %v.", f.length, len(f.drops), window)
	var seen tally

	events := source.SSE(f.url(), source.WithTrace(trace(&seen, out)))
	trades := operators.DecodeJSON[Trade](operators.EventType(operators.Tap(events, seen.event), "trade"))
	settled := operators.Debounce(trades, sweepEvery/2) // the last trade of each sweep
	windows := operators.Window(settled, operators.Tumbling(window))

	err := unlessCancelled(ctx, sink.ForEach(ctx, windows, out.trades))
	return cmp.Or(err, out.summary(&seen, len(f.events), ctx.Err() != nil))
}

// trace counts connections, and prints why one has ended and when the next attempt is.
func trace(seen *tally, out *printer) *source.Trace {
	var (
		open   bool
		reason error
	)
	return &source.Trace{
		Connecting: func(source.Attempt) { open = false },
		Open: func(source.Attempt, *http.Response) {
			open = true
			seen.connects++
		},
		Disconnected: func(_ source.Attempt, err error) { reason = err },
		Waiting: func(_ source.Attempt, d time.Duration) {
			what := "cannot connect"
			if open {
				what = "connection lost"
			}
			if !errors.Is(reason, io.EOF) || !open { // servers end responses cleanly, too
				out.say("%s, again in %v: %v", what, d.Round(time.Millisecond), reason)
			}
		},
	}
}

// A tally counts the events of the source. The IDs of the feed are consecutive numbers,
// so a gap is a loss.
type tally struct {
	connects   int
	events     int
	last       int // the highest ID so far
	lost       int // IDs that were skipped
	duplicated int
}

func (t *tally) reconnects() int { return max(0, t.connects-1) }

func (t *tally) event(e codec.Event) {
	t.events++
	id, err := strconv.Atoi(e.ID)
	switch {
	case err != nil || id == 0:
	case id <= t.last:
		t.duplicated++
	default:
		t.lost += id - t.last - 1
		t.last = id
	}
}
