package main

import (
	"context"
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
	var seen tally

	events := source.SSE(f.url(), source.WithTrace(trace(&seen, out)))
	trades := operators.DecodeJSON[Trade](operators.EventType(operators.Tap(events, seen.event), "trade"))
	settled := operators.Debounce(trades, sweepEvery/2) // the last trade of each sweep
	windows := operators.Window(settled, operators.Tumbling(window))

	err := sink.ForEach(ctx, windows, out.trades)
	out.summary(&seen, len(f.events), ctx.Err() != nil)
	return unlessCancelled(ctx, err)
}

// trace counts connections, and says when one has broken.
func trace(seen *tally, out *printer) *source.Trace {
	var lost error
	return &source.Trace{
		Open:         func(source.Attempt, *http.Response) { seen.connects++ },
		Disconnected: func(_ source.Attempt, err error) { lost = err },
		Waiting:      func(_ source.Attempt, d time.Duration) { out.disconnected(lost, d) },
	}
}

// A tally counts what comes from the source. Every event of the feed has the
// next number for its id, so that a gap is a loss.
type tally struct {
	connects   int
	events     int
	last       int // the highest id so far
	lost       int // ids that were passed over
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
