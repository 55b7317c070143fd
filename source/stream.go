package source

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A stream is one subscription: a run of connections, one after the other.
type stream struct {
	ctx  context.Context //nolint:containedctx // a stream is one subscription and ends with its context
	req  *http.Request
	cfg  config
	http *http.Client

	lastEventID string
	pace        pace
}

func newStream(ctx context.Context, req *http.Request, cfg config) *stream {
	s := &stream{ctx: ctx, req: req, cfg: cfg, http: streaming(cfg.http)}
	s.lastEventID = s.start()
	s.pace.reconnectionTime = DefaultReconnectionTime
	if cfg.reconnectionTime != nil {
		s.pace.reconnectionTime = *cfg.reconnectionTime
	}
	return s
}

// start returns the last event ID that the stream begins with.
func (s *stream) start() string {
	const key = "Last-Event-ID"
	return cmp.Or(s.cfg.lastEventID, s.cfg.header.Get(key), s.req.Header.Get(key))
}

// errLeft means that the consumer has left the stream.
var errLeft = errors.New("source: the consumer has left")

// run connects, delivers and waits until the stream ends.
func (s *stream) run(yield func(codec.Event, error) bool) {
	for {
		err := s.connection(yield)
		switch {
		case errors.Is(err, errLeft):
			return
		case s.ctx.Err() != nil:
			yield(codec.Event{}, context.Cause(s.ctx))
			return
		case errors.Is(err, errNoContent):
			return
		}
		if over, reason := s.over(err); over {
			if reason != nil {
				yield(codec.Event{}, reason)
			}
			return
		}
		s.cfg.trace.disconnected(err)
		wait := s.pace.next(err)
		s.cfg.trace.waiting(wait)
		if !sleep(s.ctx, wait) {
			yield(codec.Event{}, context.Cause(s.ctx))
			return
		}
	}
}

// over reports whether the stream ends with a connection that ended with err,
// and with which error: nil means completion.
func (s *stream) over(err error) (over bool, reason error) {
	limit := s.cfg.maxAttempts
	ended := err == io.EOF //nolint:errorlint // wrapped, it is a failure
	switch {
	case isFinal(err):
		return true, s.failure(err)
	case limit == nil:
		return false, nil
	case *limit == 0 && ended:
		return true, nil
	case *limit > s.pace.failures:
		return false, nil
	case ended:
		return true, s.failure(ErrNoEvents)
	default:
		return true, s.failure(err)
	}
}

// connection makes one connection and delivers its events. It returns io.EOF
// when the server has ended the response, errLeft when the consumer has left, and
// otherwise what went wrong.
func (s *stream) connection(yield func(codec.Event, error) bool) error {
	// Cancelling it closes the connection, whatever else the response is doing.
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	s.cfg.trace.connecting(s.pace.failures + 1)
	resp, err := s.open(ctx, cancel)
	if err != nil {
		s.pace.failed()
		return s.failure(err)
	}
	defer resp.Body.Close()
	s.cfg.trace.open(resp)
	return s.deliver(resp.Body, yield)
}

// deliver decodes the body and hands its events to the consumer.
func (s *stream) deliver(body io.Reader, yield func(codec.Event, error) bool) error {
	opened := time.Now()
	decoder := codec.NewDecoder(body, append(slices.Clone(s.cfg.decoder), codec.WithLastEventID(s.lastEventID))...)
	delivered := false
	done := s.ctx.Done()
	defer func() {
		s.lastEventID = decoder.LastEventID()
		if d, set := decoder.Retry(); set {
			s.pace.reconnectionTime = min(d, mostWait)
		}
	}()
	for {
		e, err := decoder.Next()
		if err != nil {
			switch {
			case delivered:
			case time.Since(opened) < healthyAge:
				s.pace.failed()
			default:
				s.pace.healthy()
			}
			if err == io.EOF { //nolint:errorlint // the decoder returns it unwrapped; wrapped, it is the network's
				return err
			}
			s.lastEventID = decoder.LastEventID()
			return s.failure(err)
		}
		if cancelled(done) {
			return s.ctx.Err()
		}
		if !delivered {
			delivered = true
			s.pace.healthy()
		}
		if !yield(e, nil) {
			return errLeft
		}
	}
}

// failure describes err as a failure of this stream.
func (s *stream) failure(err error) *Error {
	e, ok := err.(*Error) //nolint:errorlint // one of our own is never wrapped
	if !ok {
		e = &Error{Method: method(s.req), URL: redact(s.req.URL), Err: err}
	}
	e.LastEventID = s.lastEventID
	e.Attempts = s.pace.failures
	return e
}

// isFinal reports whether trying again cannot help.
func isFinal(err error) bool {
	var tooLarge *codec.SizeError
	var e *Error
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, ErrURL), errors.Is(err, ErrRequest), errors.Is(err, ErrNoGetBody):
		return true
	case errors.As(err, &e) && e.StatusCode != 0:
		return !isTemporary(e.StatusCode)
	}
	return false
}

// sleep waits for d and reports whether ctx lasted that long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
