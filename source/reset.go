package source

import (
	"net/http"
	"slices"
)

// WithLastEventIDReset sets whether the stream starts over, without a last event ID, when
// the server refuses the one it was sent with status 400, 410 or 416. Events may then be
// missing or repeated, and the logger warns. The stream starts over once; a later refusal
// ends it, as the first one does by default.
//
// Use it with [WithCheckpoint] or [WithLastEventID] where new events matter more than
// missing ones. Without it, a server that no longer has the event ends the stream at each
// start, until the stored position is removed. It also applies to [Client.Open], and takes
// precedence over [WithRetryIf] and [WithStrictEventSource], but not over [WithReconnect]
// and the limits on attempts. Default: false.
func WithLastEventIDReset(reset bool) Option { return func(c *config) { c.resetID = reset } }

// refusesLastEventID reports whether a server that answers with status may be refusing the
// last event ID of the request (RFC 9110 §15.5.1, §15.5.11, §15.5.17).
func refusesLastEventID(status int) bool {
	return slices.Contains([]int{http.StatusBadRequest, http.StatusGone, http.StatusRequestedRangeNotSatisfiable}, status)
}

// resetLastEventID forgets the last event ID if the server has refused it and the options
// allow that. It reports whether it did.
func (s *stream) resetLastEventID(out *outcome) bool {
	switch {
	case !s.cfg.resetID, out.answer == nil, !refusesLastEventID(out.answer.StatusCode):
		return false
	case s.lastEventID == "", out.answer.Request.Header.Get(lastEventIDField) == "": // it was not sent
		return false
	}
	s.notify(change{kind: idReset})
	s.cfg.resetID, s.lastEventID = false, ""
	return true
}
