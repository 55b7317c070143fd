package source

import "github.com/rxsse/rxsse/codec"

// WithUnterminatedEvent sets whether the stream delivers the last event of a response that
// the server ended cleanly, but without the blank line after an event, as several servers
// of language models do. By default it is dropped, as the standard demands (WHATWG HTML
// §9.2.6), and trace, log and meter report it. An event cut off by a broken connection is
// always dropped.
//
// A response ends cleanly when its body ends by its length or with its last chunk. A
// response of HTTP/1.0, or with "Connection: close" and no length, ends when the connection
// closes, so a clean end and a cut can look the same.
func WithUnterminatedEvent(deliver bool) Option {
	return func(c *config) { c.unterminated = deliver }
}

// unterminated returns the event that the current response left unterminated, with its ID
// as in the decoder: see attempt.position.
func (s *stream) unterminated() (e codec.Event, ok bool) {
	a := s.attempt
	if a.unterminated != nil {
		return codec.Event{}, false // was delivered
	}
	return a.decoder.Unterminated()
}

// endOfResponse returns the unterminated event if it is to be delivered, and otherwise the
// outcome.
func (s *stream) endOfResponse() (codec.Event, *outcome) {
	a, ended := s.attempt, &outcome{kind: responseEnded}
	e, ok := s.unterminated()
	if !ok {
		return codec.Event{}, ended
	}
	deliver := s.cfg.unterminated && !isDone(s.done)
	isDuplicate := deliver && s.deduplicator != nil && s.deduplicator.has(e)
	e.ID = a.position(e.ID)
	if !deliver {
		s.notify(change{kind: unterminated, event: e})
		return codec.Event{}, ended
	}
	a.unterminated = &e
	a.delivered = true
	if isDuplicate {
		return codec.Event{}, ended
	}
	s.delivered(e)
	return e, nil
}
