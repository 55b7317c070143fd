package source

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// An outcome is how an attempt has ended.
type outcome struct {
	kind outcomeKind
	err  error // of notAccepted and connectionBroken
	// answer is what the server answered instead of accepting, nil if it did not answer.
	answer  *answer
	healthy bool // the connection counts as a success: see backoff
}

type outcomeKind int

const (
	notAccepted        outcomeKind = iota // not sent, not answered, or answered with a refusal
	noContent                             // answered with 204
	responseEnded                         // accepted, and ended by the server in an orderly way
	connectionBroken                      // accepted, and broken off or given up
	reconnectRequested                    // given up by Session.Reconnect
	cancelled                             // the stream's context was cancelled
)

// An answer is a response that is not an event stream.
type answer struct {
	*http.Response

	start []byte // of the body
}

// endAttempt closes the connection of the present attempt, keeps what the next one
// needs, and makes that the present one. It completes out: if the attempt was cancelled,
// connecting and reading only report that, and not why.
func (s *stream) endAttempt(out *outcome) {
	a := s.attempt
	cause := s.replaceAttempt()
	if a.decoder != nil {
		s.lastEventID = a.position(a.decoder.LastEventID())
		if d, set := a.decoder.Retry(); set {
			s.backoff.reconnectionTime = min(d, maxServerWait)
		}
		out.healthy = s.backoff.isHealthy(a.delivered, time.Since(a.opened))
	}
	a.end()
	switch {
	case s.ctx.Err() != nil:
		out.kind, out.err = cancelled, context.Cause(s.ctx)
	case errors.Is(cause, ErrReconnectRequested):
		out.kind, out.err = reconnectRequested, cause
	case cause != nil && out.err != nil:
		out.err = cause
	}
}

// replaceAttempt makes a new attempt the present one and returns why the one before was
// cancelled, nil if it was not. From then on Reconnect applies to the new one.
func (s *stream) replaceAttempt() (cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cause = context.Cause(s.attempt.ctx)
	s.attempt = newAttempt(s.ctx)
	return cause
}

// failure describes the outcome of an attempt as a failure of this stream, nil if it is
// none.
func (s *stream) failure(out *outcome) *Error {
	if out.err == nil {
		return nil
	}
	e := &Error{
		Method: method(s.req), URL: s.cfg.redact(s.req.URL),
		LastEventID: s.lastEventID, Attempts: s.backoff.failures,
		Err: out.err,
	}
	if r := out.answer; r != nil {
		e.Method, e.URL = r.Request.Method, s.cfg.redact(r.Request.URL)
		e.StatusCode, e.Header, e.Body = r.StatusCode, r.Header, r.start
	}
	if s.diagnostics != nil {
		e.TailLines, e.TailEvents = s.diagnostics.tail()
	}
	return e
}

// A decision is what follows an attempt.
type decision struct {
	isFinal bool
	err     error         // if it is final; io.EOF for completion
	delay   time.Duration // before the next attempt
}

// decide returns what follows an attempt with this outcome.
func (s *stream) decide(out *outcome) decision {
	if out.healthy {
		s.backoff.reset()
	}
	switch out.kind {
	case cancelled:
		return decision{isFinal: true, err: out.err}
	case noContent:
		s.notify(change{kind: completed})
		return decision{isFinal: true, err: io.EOF}
	case reconnectRequested:
		s.notify(change{kind: disconnected, err: ErrReconnectRequested})
		return decision{}
	}
	if !out.healthy {
		s.backoff.failed()
	}
	failure := s.failure(out)
	if isFinal, err := s.isFinal(failure); isFinal {
		if err == nil {
			s.notify(change{kind: completed})
			return decision{isFinal: true, err: io.EOF}
		}
		s.notify(change{kind: failed, err: err})
		return decision{isFinal: true, err: err}
	}
	if failure == nil {
		s.notify(change{kind: disconnected, err: io.EOF})
	} else {
		s.notify(change{kind: disconnected, err: failure})
	}
	delay := s.backoff.next(failure)
	s.notify(change{kind: waiting, wait: delay})
	return decision{delay: delay}
}

// isFinal reports whether the stream ends after an attempt with this failure, or, if it
// is nil, after a response that ended in an orderly way. It also returns the error that
// the stream ends with, nil for completion.
func (s *stream) isFinal(failure *Error) (isFinal bool, err error) {
	limit := s.cfg.maxAttempts
	switch {
	case failure != nil && !s.cfg.retry(failure):
		return true, failure
	case limit == nil:
		return false, nil
	case *limit == 0 && failure == nil:
		return true, nil
	case *limit > s.backoff.failures:
		return false, nil
	case failure == nil:
		return true, s.failure(&outcome{err: ErrEndedEarly})
	default:
		return true, failure
	}
}
