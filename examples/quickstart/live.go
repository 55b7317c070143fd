package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// live holds the flags for the stream to watch.
type live struct {
	url      string
	kind     string
	debounce time.Duration
	window   time.Duration
}

// watch runs the pipeline on a live server with any payload.
func watch(ctx context.Context, out *printer, l live) error {
	out.say("Waiting for events; a table each %v in which there are some. Ctrl-C ends.", l.window)
	var seen tally

	events := source.SSE(l.url, source.WithTrace(trace(&seen, out)))
	events = operators.Tap(events, seen.event)
	if l.kind != "" {
		events = operators.EventType(events, l.kind)
	}
	if l.debounce > 0 {
		events = operators.Debounce(events, l.debounce)
	}
	windows := operators.Window(events, operators.Tumbling(l.window))

	err := sink.ForEach(ctx, windows, out.events)
	ending := "the server completed the stream"
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		ending = "the time of -for is over"
	case ctx.Err() != nil:
		ending = "interrupted"
	case err != nil:
		ending = "with an error"
	}
	return cmp.Or(unlessCancelled(ctx, err), out.liveSummary(&seen, ending))
}
