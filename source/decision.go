package source

import (
	"fmt"
	"io"
	"time"
)

// A decision says what happens after an attempt.
type decision struct {
	isFinal bool
	// err is how the stream ends (io.EOF: it completes) or, if the stream continues, why the
	// connection ended, as Trace.Disconnected reports it.
	err   error
	delay time.Duration // before the next attempt
}

// decide returns what happens after an attempt with this outcome, and notifies the
// observers.
func (s *stream) decide(out *outcome) decision {
	switch {
	case out.kind == cancelled:
		return decision{isFinal: true, err: out.err}
	case out.healthy:
		s.backoff.reset()
	case out.kind != noContent && out.kind != reconnectRequested:
		s.backoff.failed()
	}
	next := s.follow(out)
	switch {
	case next.isFinal && next.err == io.EOF: //nolint:errorlint // follow returns it unwrapped
		s.notify(change{kind: completed})
	case next.isFinal:
		s.notify(change{kind: failed, err: next.err})
	default:
		s.notify(change{kind: disconnected, err: next.err, wait: next.delay})
		if next.delay != 0 {
			s.notify(change{kind: waiting, wait: next.delay})
		}
	}
	return next
}

// follow returns the decision without notifying the observers.
func (s *stream) follow(out *outcome) decision {
	failure := s.failure(out)
	switch {
	case out.kind == noContent:
		return final(nil)
	case !s.maySendAgain(out):
		return final(failure)
	case out.kind == reconnectRequested:
		return decision{err: ErrReconnectRequested}
	case failure == nil && !s.cfg.retry(s.newError(ErrEnded)):
		return final(nil)
	case failure != nil && !s.resetLastEventID(out) && !s.cfg.retry(failure):
		return final(failure)
	}
	delay := s.backoff.next(failure)
	switch limit := s.cfg.maxAttempts; {
	case s.backoff.exceeds(delay), limit != 0 && s.backoff.failures >= limit:
		if failure == nil {
			failure = s.newError(ErrEndedEarly)
		}
		return final(failure)
	case failure == nil:
		return decision{err: io.EOF, delay: delay}
	default:
		return decision{err: failure, delay: delay}
	}
}

// final returns the decision that the stream fails, or completes if failure is nil.
func final(failure *Error) decision {
	if failure == nil {
		return decision{isFinal: true, err: io.EOF}
	}
	return decision{isFinal: true, err: failure}
}

// maySendAgain reports whether WithReconnect lets the request be sent again.
func (s *stream) maySendAgain(out *outcome) bool {
	switch s.reconnect {
	case ReconnectNever:
		return false
	case ReconnectUntilAccepted:
		return !out.accepted
	default:
		return true
	}
}

// failure returns the error of an outcome as an Error, or nil if it has none.
func (s *stream) failure(out *outcome) *Error {
	if out.err == nil {
		return nil
	}
	reason := out.err
	if s.reconnect == ReconnectUntilAccepted && (out.accepted || out.isUnanswered) {
		reason = fmt.Errorf("%w: %w", ErrNotSentAgain, out.err)
	}
	e := s.newError(reason)
	if r := out.answer; r != nil {
		e.Method, e.URL = r.Request.Method, s.cfg.redact(r.Request.URL)
		e.StatusCode, e.Header, e.Body = r.StatusCode, r.Header, r.start
	}
	return e
}

// newError returns an Error of this stream.
func (s *stream) newError(reason error) *Error {
	e := &Error{
		Method: method(s.req), URL: s.cfg.redact(s.requestURL),
		LastEventID: s.lastEventID, Attempts: s.backoff.failures,
		Err: redactError(reason, s.cfg.visible),
	}
	if s.diagnostics != nil {
		e.TailLines, e.TailEvents = s.diagnostics.tail()
	}
	return e
}
