package source

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A Trace is a set of hooks that a stream calls as its state changes, on the goroutine
// that ranges over it. Any of them may be nil. Several streams may share a Trace; each
// calls it from its own goroutine, and the [Attempt] says which stream it is.
type Trace struct {
	// StartAttempt is called before each attempt, before Connecting. The request is sent
	// with the context that it returns, for example with one that carries a span; that must
	// be derived from ctx, which is the attempt's, or be nil. The function that it returns
	// is called once, when the attempt and its connection have ended in whatever way; it
	// may be nil. If [Session.Close] ends a connection that nobody reads, it is called by
	// the goroutine that calls Close.
	StartAttempt func(ctx context.Context, a Attempt) (context.Context, func(AttemptEnd))
	// Connecting is called before each attempt.
	Connecting func(Attempt)
	// Open is called when the server has accepted. The body belongs to the stream.
	Open func(Attempt, *http.Response)
	// Disconnected is called when an attempt has failed or a connection has ended, and
	// the stream goes on. The error is io.EOF if the server ended the response in an
	// orderly way, [ErrReconnectRequested] if [Session.Reconnect] was called, and
	// otherwise an [Error].
	Disconnected func(Attempt, error)
	// Unterminated is called when a response has ended without the blank line that ends
	// an event, and the event is dropped; see [WithUnterminatedEvent]. The call of
	// Disconnected that follows, if the stream goes on, says how the response has ended.
	Unterminated func(Attempt, codec.Event)
	// Waiting is called before the stream waits to connect again.
	Waiting func(Attempt, time.Duration)
}

// An Attempt identifies a stream, and an attempt of it to connect, to the hooks of a
// [Trace].
type Attempt struct {
	// Method and URL are those of the stream's request, the URL as an [Error] shows it.
	Method string
	URL    string
	// Number is how many attempts in a row there were: 1 for the first, and again for
	// the first after a connection that counts as healthy, see [WithHealthyAfter].
	// After such a connection has ended, it is 0 until the next attempt begins.
	Number int
	// Connects is how many connections the stream has had before.
	Connects int
	// LastEventID is where the attempt resumes, "" if at no known position.
	LastEventID string
}

// WithTrace calls the hooks of t as the state of the stream changes. A stream may have
// several traces: those of its client, and its own. Each is called, in the order of the
// options. A nil t has no effect.
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

	end func(AttemptEnd) // of the present attempt, nil if there is none
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
