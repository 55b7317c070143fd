package main

import (
	"context"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// live says which stream to watch, and how.
type live struct {
	url      string
	kind     string
	debounce time.Duration
	window   time.Duration
}

// watch runs the pipeline on a live server, whatever its payload.
func watch(ctx context.Context, out *printer, l live) error {
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
	out.liveSummary(&seen)
	return unlessCancelled(ctx, err)
}
