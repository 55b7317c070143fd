package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// tail prints the stream until it ends, or ctx does.
func (o *options) tail(ctx context.Context, stdout, stderr io.Writer) error {
	opts := []source.Option{source.WithTrace(tell(stderr)), source.WithLastEventID(o.lastEventID)}
	for name, values := range o.header {
		for _, value := range values {
			opts = append(opts, source.WithHeader(name, value))
		}
	}
	if o.comments {
		opts = append(opts, source.WithComments(true))
	}
	p := printer{w: stdout, pretty: o.pretty, raw: o.raw}
	if o.output == "" {
		return sink.ForEachBatch(ctx, o.events(opts), p.print)
	}
	return o.tailAndWrite(ctx, stderr, opts, p.print)
}

// events is the stream that is to be printed.
func (o *options) events(opts []source.Option) rxsse.Observable[codec.Event] {
	events := source.SSE(o.url, opts...)
	if len(o.types) > 0 {
		types := o.types
		if o.comments {
			types = append(slices.Clone(types), "") // what comments have
		}
		events = operators.EventType(events, types...)
	}
	if o.count > 0 {
		events = operators.Take(events, o.count)
	}
	return events
}

// tailAndWrite writes the events to the file before it prints them, and then how far
// it has got, in a file beside that.
func (o *options) tailAndWrite(ctx context.Context, stderr io.Writer, opts []source.Option, show func([]codec.Event) error) error {
	file, err := sink.OpenNDJSON[codec.Event](o.output)
	if err != nil {
		return err
	}
	position := source.NewFileCheckpoint(o.output + ".position")
	if o.lastEventID == "" {
		opts = append(opts, source.WithCheckpoint(position))
		if id, err := position.Load(ctx); err == nil && id != "" {
			_, _ = fmt.Fprintf(stderr, "tail: going on after event %s\n", printable(id))
		}
	}
	work := func(events []codec.Event) error {
		if err := file.Append(events); err != nil {
			return err
		}
		return show(events)
	}
	err = sink.Commit(ctx, o.events(opts), work, position)
	return errors.Join(err, file.Close())
}

// tell returns hooks that say how the connection is.
func tell(stderr io.Writer) *source.Trace {
	lost := false
	return &source.Trace{
		Open: func(source.Attempt, *http.Response) {
			if lost {
				_, _ = fmt.Fprintln(stderr, "tail: connected again")
			}
			lost = false
		},
		Disconnected: func(_ source.Attempt, err error) {
			lost = true
			if err == io.EOF { //nolint:errorlint // the hook's own convention
				err = errors.New("the server ended the response")
			}
			_, _ = fmt.Fprintln(stderr, "tail: connection lost:", printable(err.Error()))
		},
		Waiting: func(_ source.Attempt, d time.Duration) {
			_, _ = fmt.Fprintln(stderr, "tail: trying again in", d.Round(time.Millisecond))
		},
	}
}
