package source

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A Trace is a set of hooks that a stream calls as its state changes, on the goroutine that
// ranges over it. Any hook may be nil. Streams that share a Trace call it concurrently; the
// [Attempt] says which stream it is.
type Trace struct {
	// StartAttempt is called before each attempt, before Connecting. The request is sent
	// with the context that it returns, for example one that carries a span. That context
	// must be derived from ctx, or be nil for ctx itself. The returned function, which may
	// be nil, is called once when the attempt and its connection have ended, however they
	// ended; after [Session.Close] it may run on the goroutine that calls Close.
	StartAttempt func(ctx context.Context, a Attempt) (context.Context, func(AttemptEnd))
	// Connecting is called before each attempt.
	Connecting func(Attempt)
	// Open is called when the server has accepted the request. The body belongs to the
	// stream.
	Open func(Attempt, *http.Response)
	// Disconnected is called when an attempt has failed or a connection has ended, and the
	// stream goes on. The error is io.EOF if the server ended the response cleanly,
	// [ErrReconnectRequested] if [Session.Reconnect] was called, and otherwise an [Error].
	Disconnected func(Attempt, error)
	// Unterminated is called when an event is dropped because its response ended without a
	// blank line after it; see [WithUnterminatedEvent]. If the stream goes on, the call of
	// Disconnected that follows says how the response ended.
	Unterminated func(Attempt, codec.Event)
	// Waiting is called before the stream waits to connect again.
	Waiting func(Attempt, time.Duration)
}

// An Attempt identifies a stream, and one of its attempts to connect, to the hooks of a
// [Trace].
type Attempt struct {
	// Method and URL are those of the stream's request, the URL as an [Error] shows it.
	Method string
	URL    string
	// Number counts attempts in a row. It is 1 for the first attempt, and for the first one
	// after a healthy connection, see [WithHealthyAfter]. Between the end of a healthy
	// connection and the next attempt it is 0.
	Number int
	// Connects is the number of connections that the stream had before.
	Connects int
	// LastEventID is the ID after which the attempt resumes, or "".
	LastEventID string
}

// WithTrace calls the hooks of t as the state of the stream changes. It adds to earlier
// traces, such as those of the client; all are called, in the order of the options. A nil t
// has no effect.
func WithTrace(t *Trace) Option {
	return func(c *config) {
		if t != nil && !slices.Contains(c.traces, t) {
			c.traces = append(c.traces, t)
		}
	}
}

// A traceObserver calls a [Trace] for one stream.
type traceObserver struct {
	*Trace

	end func(AttemptEnd) // of the current attempt, nil if there is none
}

// start calls StartAttempt and returns the context of the request.
func (t *traceObserver) start(ctx context.Context, a Attempt) context.Context {
	if t.StartAttempt == nil {
		return ctx
	}
	started, end := t.StartAttempt(ctx, a)
	t.end = end
	if started == nil {
		return ctx
	}
	return started
}

func (t *traceObserver) observe(c change) {
	switch {
	case c.kind == attemptEnded && t.end != nil:
		end := t.end
		t.end = nil
		end(c.end)
	case c.kind == connecting && t.Connecting != nil:
		t.Connecting(c.attempt)
	case c.kind == connected && t.Open != nil:
		t.Open(c.attempt, c.response)
	case c.kind == disconnected && t.Disconnected != nil:
		t.Disconnected(c.attempt, c.err)
	case c.kind == unterminated && t.Unterminated != nil:
		t.Unterminated(c.attempt, c.event)
	case c.kind == waiting && t.Waiting != nil:
		t.Waiting(c.attempt, c.wait)
	}
}
