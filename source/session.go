package source

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"sync"

	"github.com/rxsse/rxsse/codec"
)

// ErrClosed is what [Session.Events] ends with when the session was closed.
var ErrClosed = errors.New("source: the session is closed")

// errReconnect is why a line is cut by Reconnect.
var errReconnect = errors.New("dropped by Session.Reconnect")

// A Session is a stream that the server has accepted before it is consumed: for
// those who want to see the response first, to know at once if the first attempt has
// failed, or to reconnect by hand. Like the streams of [Client.Observe] it outlives
// its connections. It ends when it is closed, which its owner has to do, or when the
// context it was opened with is cancelled.
//
// All methods may be called by any goroutine, and at any time, but only one
// goroutine at a time may range over Events.
type Session struct {
	stream *stream
	cancel context.CancelCauseFunc

	reading sync.Mutex // held while events are pulled; guards err
	err     error      // how the stream has ended

	mu          sync.Mutex
	lastEventID string
}

// Open opens a session with a GET of url: it returns once the server has accepted,
// or has answered 204, which makes a session without events. If the first attempt
// fails it returns the [Error] of that at once, whatever other options say: it is for
// the caller to know. From then on the session reconnects as the package
// documentation says.
//
// The context is that of the whole session.
func (c *Client) Open(ctx context.Context, url string, opts ...Option) (*Session, error) {
	req, err := get(url)
	if err != nil {
		return nil, err
	}
	return c.OpenRequest(ctx, req, opts...)
}

// OpenRequest opens a session as [Client.Open] does, with a request as
// [Client.ObserveRequest] takes it. The request's own context is ignored.
func (c *Client) OpenRequest(ctx context.Context, req *http.Request, opts ...Option) (*Session, error) {
	cfg := c.config.with(opts)
	if err := cfg.check(req); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s := &Session{stream: newStream(ctx, req, cfg), cancel: cancel}
	if err := s.open(); err != nil {
		cancel(ErrClosed)
		s.stream.close()
		return nil, err
	}
	return s, nil
}

// Use opens a session, calls use with it and closes it: when use returns, or panics,
// nothing of it is left. It returns the error of [Client.Open] or that of use.
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
	if err := s.stream.begin(); err != nil {
		return err
	}
	s.lastEventID = s.stream.lastEventID
	err := s.stream.connect()
	switch {
	case err == nil:
		return nil
	case s.stream.ctx.Err() != nil:
		return context.Cause(s.stream.ctx)
	case errors.Is(err, errNoContent):
		s.err = io.EOF
		return nil
	}
	s.stream.pace.failed()
	failure := s.stream.failure(err)
	s.stream.report.ended(failure)
	return failure
}

// Response returns the server's newest answer: the one that opened the session, and
// after a reconnect that of the new connection. Its body belongs to the session.
func (s *Session) Response() *http.Response {
	s.stream.mu.Lock()
	defer s.stream.mu.Unlock()
	return s.stream.response
}

// LastEventID returns the ID of the last event that was delivered, or the one that
// the session began with.
func (s *Session) LastEventID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastEventID
}

// Events returns the events of the session as a sequence. Breaking off loses
// nothing: the session stays open, and the next range goes on with the next event.
// It ends, then and at each later range, as the streams of [Client.Observe] do, and
// with [ErrClosed] once the session was closed, also while it waits for an event.
//
// Events are pulled by the goroutine that ranges; while nobody does, nothing is read.
// It panics if another range is under way.
func (s *Session) Events() iter.Seq2[codec.Event, error] {
	return func(yield func(codec.Event, error) bool) {
		if !s.reading.TryLock() {
			panic("source: Session.Events: another range is under way")
		}
		defer s.release()
		for s.err == nil {
			e, err := s.stream.next()
			if err != nil {
				s.err = err
				break
			}
			s.note(e)
			if !yield(e, nil) {
				return
			}
		}
		if s.err != io.EOF { //nolint:errorlint // the stream returns it unwrapped
			yield(codec.Event{}, s.err)
		}
	}
}

// note keeps the position of an event; comments have none.
func (s *Session) note(e codec.Event) {
	if e.Type == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastEventID = e.ID
}

// Reconnect drops the connection, or the attempt or the wait for one, and has the
// session connect again at once, from the last event on. What was received before
// is still delivered. It does not wait: the goroutine that ranges over
// Events connects, and while none does the next one will.
func (s *Session) Reconnect() { s.stream.cut(errReconnect) }

// Close ends the session and its connection. It always returns nil, and may be
// called more than once. A range over Events that is under way in another goroutine
// ends with [ErrClosed].
func (s *Session) Close() error {
	s.cancel(ErrClosed)
	s.sweep()
	return nil
}

// release ends a range, and the stream with it if that is over.
func (s *Session) release() {
	if s.err != nil {
		s.cancel(ErrClosed)
	}
	s.reading.Unlock()
	if s.stream.ctx.Err() != nil {
		s.sweep()
	}
}

// sweep closes the connection of a session that is over, unless a goroutine ranges
// over it, which will when it is done.
func (s *Session) sweep() {
	if !s.reading.TryLock() {
		return
	}
	defer s.reading.Unlock()
	s.stream.close()
}
