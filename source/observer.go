package source

import (
	"context"
	"net/http"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// An observer follows the state of one stream. It is called by the goroutine that ranges
// over the stream, once for each change.
type observer interface {
	observe(c change)
}

// A change is a change of a stream's state. Fields that do not apply are zero.
type change struct {
	kind     changeKind
	attempt  Attempt
	response *http.Response // of connected
	// isHandedOver, of connected, reports that the program sent the request itself, so the
	// time of its attempt is unknown.
	isHandedOver bool
	err          error         // of disconnected and failed; of unterminated, nil if the end was clean
	wait         time.Duration // of waiting, and of disconnected
	event        codec.Event   // of unterminated
	end          AttemptEnd    // of attemptEnded
}

type changeKind int

const (
	connecting   changeKind = iota // an attempt begins
	connected                      // the server has accepted
	attemptEnded                   // an attempt has ended, and its connection is closed
	disconnected                   // an attempt has failed or a connection has ended, and the stream continues
	waiting                        // the stream waits before the next attempt
	unterminated                   // the last event of a response has been dropped
	idNotSent                      // the last event ID cannot be sent in a header
	idReset                        // the server has refused the last event ID, and the stream starts without it
	completed                      // the stream has completed
	failed                         // the stream has failed
	closed                         // the stream has ended, in any way
)

// observe makes the observers that the options request.
func (s *stream) observe() {
	for _, m := range s.cfg.meters {
		meter := newStreamMeter(m)
		s.meters = append(s.meters, meter)
		s.observers = append(s.observers, meter)
	}
	if s.cfg.tailLines != 0 || s.cfg.tailEvents != 0 {
		s.diagnostics = newDiagnostics(s.cfg.tailLines, s.cfg.tailEvents)
		s.observers = append(s.observers, s.diagnostics)
	}
	for _, t := range s.cfg.traces {
		trace := &traceObserver{Trace: t}
		s.traces = append(s.traces, trace)
		s.observers = append(s.observers, trace)
	}
	if s.cfg.log != nil {
		s.log = newLogObserver(s.ctx, s.cfg.log, method(s.req), s.req.URL, s.cfg.redact)
		s.observers = append(s.observers, s.log)
	}
}

// notify passes a change to the observers.
func (s *stream) notify(c change) {
	if len(s.observers) == 0 {
		return
	}
	c.attempt = s.describeAttempt()
	if c.kind == connecting || c.kind == connected {
		c.attempt.Number++
	}
	for _, o := range s.observers {
		o.observe(c)
	}
}

// describeAttempt identifies the attempt that has ended last.
func (s *stream) describeAttempt() Attempt {
	return Attempt{
		Method: method(s.req), URL: s.cfg.redact(s.req.URL), Number: s.backoff.failures,
		Connects: s.connects, LastEventID: s.lastEventID,
	}
}

// startAttempt calls the StartAttempt hooks and returns the context for the request.
func (s *stream) startAttempt(ctx context.Context) context.Context {
	if len(s.traces) == 0 {
		return ctx
	}
	a := s.describeAttempt()
	a.Number++
	for _, t := range s.traces {
		ctx = t.start(ctx, a) //nolint:fatcontext // one context for each trace, in the order of the options
	}
	return ctx
}
