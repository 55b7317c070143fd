package source

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// An outcome is how an attempt has ended.
type outcome struct {
	kind outcomeKind
	err  error // of notAccepted and connectionBroken
	// accepted means that the server accepted the request; isUnanswered means that the
	// request was or may have been sent, but got no answer.
	accepted, isUnanswered bool
	// answer is what the server answered instead of accepting, nil if it did not answer.
	answer  *answer
	healthy bool // the connection counts as a success: see backoff
}

type outcomeKind int

const (
	notAccepted        outcomeKind = iota // not sent, not answered, or answered with a refusal
	noContent                             // answered with 204
	responseEnded                         // accepted, and ended by the server cleanly
	connectionBroken                      // accepted, then broken or abandoned
	reconnectRequested                    // given up by Session.Reconnect
	cancelled                             // the stream's context was cancelled
)

// An answer is a response that is not an event stream.
type answer struct {
	*http.Response

	start []byte // of the body
}

// endAttempt closes the connection of the current attempt, keeps what the next one needs,
// and makes the next one current. It completes out: if the attempt was cancelled,
// connecting and reading report only that, not why.
func (s *stream) endAttempt(out *outcome) {
	a := s.attempt
	cause := s.replaceAttempt()
	if a.decoder != nil {
		out.accepted = true
		s.lastEventID = a.lastEventID()
		if d, set := a.decoder.Retry(); set {
			s.backoff.setReconnectionTime(d)
		}
		out.healthy = s.backoff.isHealthy(a.delivered, time.Since(a.opened))
	}
	if a.abandoned.Load() {
		s.transport.abandon()
	}
	a.end()
	switch {
	case s.ctx.Err() != nil:
		out.kind, out.err = cancelled, context.Cause(s.ctx)
	case errors.Is(cause, ErrReconnectRequested):
		out.kind, out.err = reconnectRequested, cause
	case cause != nil && out.err != nil && out.answer == nil:
		out.err = cause
	}
	how, reason := out.describe(), out.err
	if how == OutcomeClosed {
		reason = nil
	}
	s.report(a, how, reason)
}

// replaceAttempt makes a new attempt current and returns why the previous one was
// cancelled, nil if it was not. From then on, Reconnect applies to the new one.
func (s *stream) replaceAttempt() (cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cause = context.Cause(s.attempt.ctx)
	s.attempt = newAttempt(s.ctx)
	return cause
}
