package source

import (
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
	err      error          // of disconnected and failed; of unterminated, nil if the end was orderly
	wait     time.Duration  // of waiting, and of disconnected
	event    codec.Event    // of unterminated

	lastEventID string
}

type changeKind int

const (
	connecting   changeKind = iota // an attempt begins
	connected                      // the server has accepted
	disconnected                   // an attempt has failed or a connection has ended, and the stream goes on
	waiting                        // the stream waits before the next attempt
	unterminated                   // the last event of a response has been dropped
	idNotSent                      // the last event ID cannot be sent in a header
	idReset                        // the server has refused the last event ID, and the stream begins anew
	completed                      // the stream has completed
	failed                         // the stream has failed
)

// observe makes the observers that the options ask for.
func (s *stream) observe() {
	if s.cfg.meter != nil {
		s.meter = &streamMeter{meter: s.cfg.meter}
		s.observers = append(s.observers, s.meter)
	}
	if s.cfg.tailLines > 0 || s.cfg.tailEvents > 0 {
		s.diagnostics = newDiagnostics(s.cfg.tailLines, s.cfg.tailEvents)
		s.observers = append(s.observers, s.diagnostics)
	}
	if s.cfg.trace != nil {
		s.observers = append(s.observers, s.cfg.trace)
	}
	if s.cfg.log != nil {
		s.log = newLogObserver(s.ctx, s.cfg.log, method(s.req), s.cfg.redact(s.req.URL))
		s.observers = append(s.observers, s.log)
	}
}

// notify passes a change on to the observers.
func (s *stream) notify(c change) {
	if len(s.observers) == 0 {
		return
	}
	c.lastEventID = s.lastEventID
	c.attempt = Attempt{Method: method(s.req), URL: s.cfg.redact(s.req.URL), Number: s.backoff.failures}
	if c.kind == connecting || c.kind == connected {
		c.attempt.Number++
	}
	for _, o := range s.observers {
		o.observe(c)
	}
}
