package source

import (
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A connection is an answer whose events are being delivered.
type connection struct {
	body      io.Closer
	decoder   *codec.Decoder
	metered   *meteredReader // nil: nobody counts
	opened    time.Time
	delivered bool   // at least one event
	start     string // the last event ID it began with
}

// inherited is the last event ID that a decoder begins with where an event without
// an ID of its own has to be told from one with it: no stream can set this one,
// since an ID that holds NULL is ignored (WHATWG HTML §9.2.6).
const inherited = "\x00"

// newConnection returns the connection that resp has opened.
func (s *stream) newConnection(resp *http.Response) *connection {
	body := io.Reader(resp.Body)
	if d := s.cfg.idleTimeout; d > 0 {
		body = newIdleReader(body, d, s.line)
	}
	var metered *meteredReader
	if s.cfg.meter != nil {
		metered = &meteredReader{r: body, meter: s.cfg.meter}
		body = metered
	}
	if s.tail != nil {
		body = s.tail.reader(body)
	}
	start := s.lastEventID
	if s.duplicates != nil {
		s.duplicates.reconnected()
		start = inherited
	}
	opts := append(slices.Clone(s.cfg.decoder), codec.WithLastEventID(start))
	if s.cfg.comments {
		opts = append(opts, codec.WithComments())
	}
	if s.cfg.retryEvents {
		opts = append(opts, codec.WithRetryEvents())
	}
	return &connection{
		body: resp.Body, decoder: codec.NewDecoder(body, opts...), metered: metered,
		opened: time.Now(), start: s.lastEventID,
	}
}

// position returns the last event ID that the decoder means by id.
func (c *connection) position(id string) string {
	if id == inherited {
		return c.start
	}
	return id
}
