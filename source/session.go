package source

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"sync"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// ErrClosed is the error of a range over [Session.Events] after Session.Close.
var ErrClosed = errors.New("source: the session is closed")

// ErrReconnectRequested is the reason when [Session.Reconnect] dropped the connection.
// [Trace.Disconnected] gets it. A session ends with it only if its request may not be sent
// again: it is then wrapped in an [Error], together with [ErrNotSentAgain].
var ErrReconnectRequested = errors.New("source: the connection was dropped by Session.Reconnect")

// A Session is a stream that connects before it is consumed. Use one to see the response
// first, to learn at once that the first attempt failed, or to reconnect on demand. Like
// the streams of [Client.Observe] it reconnects when a connection ends. It ends when the
// caller closes it, or when the context it was opened with is cancelled.
//
// A Session is safe for concurrent use, but only one goroutine at a time may range over
// Events.
type Session struct {
	stream *stream
	cancel context.CancelCauseFunc

	mu          sync.Mutex
	ranging     bool  // a range is under way: it owns the stream
	end         error // how the session has ended, nil if it has not; io.EOF for completion
	lastEventID string
}

// Open opens a session with a GET of url. It returns once the server has accepted the
// request, or has answered 204; the session then has no events. If the first attempt fails,
// Open returns its [Error] and does not try again, except as [WithLastEventIDReset] says.
// Later the session reconnects as the package documentation says.
//
// The session ends when ctx is cancelled, even after Open has returned. The caller must
// close it.
func (c *Client) Open(ctx context.Context, url string, opts ...Option) (*Session, error) {
	req, err := get(url)
	if err != nil {
		return nil, err
	}
	return c.OpenRequest(ctx, req, opts...)
}

// OpenRequest is Open for any request, as ObserveRequest is Observe for any request. The
// context of req is ignored.
func (c *Client) OpenRequest(ctx context.Context, req *http.Request, opts ...Option) (*Session, error) {
	cfg := c.config.with(opts)
	if err := cfg.check(req); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s := &Session{stream: newStream(ctx, req, cfg), cancel: cancel}
	opened := false
	defer func() {
		if !opened { // even if a hook panics
			_ = s.Close() // returns nil
		}
	}()
	if err := s.open(); err != nil { //nolint:contextcheck // its stream holds the context
		return nil, err
	}
	opened = true
	return s, nil
}

// Use opens a session, calls use with it, and closes it when use returns or panics. It
// returns the error of [Client.Open] or of use.
func (c *Client) Use(ctx context.Context, url string, use func(*Session) error, opts ...Option) error {
	s, err := c.Open(ctx, url, opts...)
	if err != nil {
		return err
	}
	defer s.Close()
	return use(s)
}

// open makes the first attempt.
func (s *Session) open() error {
	stream := s.stream
	if err := stream.begin(); err != nil {
		return err
	}
	out := stream.connect()
	if out != nil && stream.maySendAgain(out) && stream.resetLastEventID(out) {
		stream.endAttempt(out)
		out = stream.connect()
	}
	s.lastEventID = stream.lastEventID
	if out == nil {
		return nil
	}
	switch stream.endAttempt(out); out.kind { //nolint:exhaustive // the others are failures
	case cancelled:
		return out.err
	case noContent:
		s.end = io.EOF
		stream.notify(change{kind: completed})
		return nil
	}
	stream.backoff.failed()
	failure := stream.failure(out)
	stream.notify(change{kind: failed, err: failure})
	return failure
}

// Response returns the newest response: the one that opened the session, or after a
// reconnect that of the new connection. Its body belongs to the session.
func (s *Session) Response() *http.Response {
	s.stream.mu.Lock()
	defer s.stream.mu.Unlock()
	return s.stream.response
}

// LastEventID returns the ID of the last event delivered, or the ID that the session began
// with.
func (s *Session) LastEventID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastEventID
}

// Events returns the events of the session as a sequence. A break loses nothing: the
// session stays open, and the next range continues with the next event. The sequence ends
// as the streams of [Client.Observe] do, or with [ErrClosed] when the session is closed,
// even while it waits for an event. Each later range ends the same way.
//
// While no goroutine ranges, nothing is read. A range panics if another one is running.
func (s *Session) Events() iter.Seq2[codec.Event, error] {
	return func(yield func(codec.Event, error) bool) {
		end := s.startRange()
		if end == nil {
			var left bool
			if left, end = s.deliver(yield); left {
				return
			}
		}
		if end != io.EOF { //nolint:errorlint // the stream returns it unwrapped
			yield(codec.Event{}, end)
		}
	}
}

// Observe returns the events of the session as a stream, for operators and sinks. It can be
// ranged over once, because the session is closed when the range ends, however it ends.
// Cancelling the context of the range interrupts a wait for the next event.
//
// Do not use FromSeq2 with [Session.Events] instead: it cannot interrupt the wait, so an
// operator that gives up on a silent session would block until the next event.
func (s *Session) Observe() rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			defer s.Close()
			stop := context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx)) })
			defer stop()
			FromSeq2(s.Events())(ctx)(yield) //nolint:contextcheck // the session holds its context
		}
	}
}

// startRange makes the caller the owner of the stream. If the session has ended, it returns
// how instead.
func (s *Session) startRange() (end error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.end != nil:
		return s.end
	case s.ranging:
		panic("source: Session.Events: another range is under way")
	}
	s.ranging = true
	return nil
}

// deliver yields events until the consumer leaves or the session ends; end is how it ended.
func (s *Session) deliver(yield func(codec.Event, error) bool) (left bool, end error) {
	defer func() { s.endRange(end) }()
	for {
		e, err := s.stream.next()
		if err != nil {
			return false, err
		}
		s.setPosition(e)
		if !yield(e, nil) {
			return true, nil
		}
	}
}

// endRange releases the stream. It closes the stream if the session has ended: with end, if
// that is not nil, or because Close was called during the range.
func (s *Session) endRange(end error) {
	s.mu.Lock()
	s.ranging = false
	if s.end == nil {
		s.end = end
	}
	ended := s.end != nil
	s.mu.Unlock()
	if ended {
		s.cancel(ErrClosed)
		s.stream.close()
	}
}

// setPosition keeps the position of an event; comments have none.
func (s *Session) setPosition(e codec.Event) {
	if e.Kind() == codec.KindComment {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastEventID = e.ID
}

// Reconnect drops the connection, or the attempt or the wait for one, and makes the session
// connect again at once, over another connection, after the last event. Events that were
// already decoded are still delivered. If [WithReconnect] does not permit sending the
// request again, the session ends instead. Reconnect returns immediately; the current or
// next range over Events connects.
func (s *Session) Reconnect() { s.stream.abandon(ErrReconnectRequested) }

// Close ends the session and its connection. It always returns nil, and can be called more
// than once. A range over Events in another goroutine ends with [ErrClosed]; Close does not
// wait for it, and the range then closes the connection.
func (s *Session) Close() error {
	s.cancel(ErrClosed)
	s.mu.Lock()
	if s.end == nil {
		s.end = context.Cause(s.stream.ctx)
	}
	ranging := s.ranging
	s.mu.Unlock()
	if !ranging {
		s.stream.close()
	}
	return nil
}
