package source

import (
	"errors"
	"time"
)

// An Outcome says how an attempt, including its connection, ended. Its text can be the
// label of a metric.
type Outcome string

const (
	// OutcomeEnded is a response that the server ended cleanly.
	OutcomeEnded Outcome = "ended"
	// OutcomeNoContent is the answer 204, which completes a stream.
	OutcomeNoContent Outcome = "no content"
	// OutcomeRefused is any other response that is not an event stream.
	OutcomeRefused Outcome = "refused"
	// OutcomeConnectFailed is a request that was not sent or not answered.
	OutcomeConnectFailed Outcome = "connect failed"
	// OutcomeBroken is a connection that broke, or whose events could not be decoded.
	OutcomeBroken Outcome = "broken"
	// OutcomeTimedOut is an attempt or a connection that [WithConnectTimeout] or
	// [WithIdleTimeout] ended.
	OutcomeTimedOut Outcome = "timed out"
	// OutcomeRequested is an attempt or a connection that [Session.Reconnect] dropped.
	OutcomeRequested Outcome = "reconnect requested"
	// OutcomeCancelled is an attempt or a connection that ended with the stream's context.
	OutcomeCancelled Outcome = "cancelled"
	// OutcomeClosed is a connection that ended because the consumer left the range or
	// closed the session.
	OutcomeClosed Outcome = "closed"
)

// An AttemptEnd is the result of an attempt: its outcome, and the totals of its connection.
type AttemptEnd struct {
	Outcome Outcome
	// Err is the reason. It is nil after a clean end, after a 204, and when the consumer
	// left. Its text shows URLs as an [Error] does.
	Err error
	// StatusCode is the status of the response, or 0 if there was none.
	StatusCode int
	// Events and Bytes are what the attempt added to those of [Stats].
	Events int64
	Bytes  int64
	// LastEventID is the position after the attempt.
	LastEventID string
	// MaxLag is the longest time that received bytes waited for the consumer to take the
	// events before them. It is measured only for streams with a [Meter] or a
	// Trace.StartAttempt.
	MaxLag time.Duration
}

// describe returns the outcome as observers see it.
func (o *outcome) describe() Outcome {
	switch {
	case o.kind == noContent:
		return OutcomeNoContent
	case o.kind == responseEnded:
		return OutcomeEnded
	case o.kind == reconnectRequested:
		return OutcomeRequested
	case o.kind == cancelled && errors.Is(o.err, ErrClosed):
		return OutcomeClosed
	case o.kind == cancelled:
		return OutcomeCancelled
	case errors.Is(o.err, ErrConnectTimeout), errors.Is(o.err, ErrIdleTimeout):
		return OutcomeTimedOut
	case o.kind == connectionBroken:
		return OutcomeBroken
	case o.answer != nil:
		return OutcomeRefused
	}
	return OutcomeConnectFailed
}

// report notifies the observers once of the end of an attempt that was started.
func (s *stream) report(a *attempt, how Outcome, err error) {
	if !a.started || !a.reported.CompareAndSwap(false, true) || len(s.observers) == 0 {
		return
	}
	end := AttemptEnd{
		Outcome: how, Err: redactError(err, s.cfg.visible), StatusCode: a.statusCode,
		Events: a.events, LastEventID: s.lastEventID,
	}
	if a.decoder != nil {
		end.LastEventID = a.lastEventID()
	}
	if a.counter != nil {
		end.Bytes, end.MaxLag = a.counter.bytes, a.counter.maxLag
	}
	s.notify(change{kind: attemptEnded, end: end})
}

// Outcomes returns all outcomes.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomeEnded, OutcomeNoContent, OutcomeRefused, OutcomeConnectFailed, OutcomeBroken,
		OutcomeTimedOut, OutcomeRequested, OutcomeCancelled, OutcomeClosed,
	}
}
