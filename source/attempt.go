package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// An attempt is one try to connect: the wait before it, the request and the response. Its
// context covers all three. Any goroutine may cancel it, which also closes the body;
// everything else belongs to the goroutine that ranges over the stream.
type attempt struct {
	ctx    context.Context //nolint:containedctx // an attempt ends with its context
	cancel context.CancelCauseFunc

	abandoned atomic.Bool // no later attempt may use its connection
	started   bool        // it began to connect, so its end is reported
	reported  atomic.Bool // the observers know of its end

	body *ownedBody // nil: no response has been received

	decoder   *codec.Decoder // nil: the server has not accepted
	opened    time.Time
	delivered bool   // at least one event
	events    int64  // delivered
	startID   string // the last event ID before its first event

	statusCode int          // of the answer, 0 if there is none
	counter    *readCounter // nil: nothing is counted

	unterminated *codec.Event // delivered although the response did not terminate it
}

func newAttempt(ctx context.Context) *attempt {
	a := &attempt{}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	return a
}

// abandon gives up the attempt and its connection for a reason: the connection may be
// dead, so no later attempt may use it. Any goroutine may call it.
func (a *attempt) abandon(reason error) {
	a.abandoned.Store(true)
	a.cancel(reason)
}

// abandonAfter abandons the attempt after d unless the timer is stopped.
func (a *attempt) abandonAfter(d time.Duration, reason error) *time.Timer {
	return time.AfterFunc(d, func() { a.abandon(reason) })
}

// end cancels the context and returns once the body is closed. It may be called again, even
// by another goroutine.
func (a *attempt) end() {
	if a.body != nil {
		a.body.stop() // this goroutine closes it
		defer a.body.close()
	}
	a.cancel(nil) // before the body is closed: HTTP/2 would wait for a dead connection
}

// position returns id, or the last event ID before the connection if id is noIDSentinel.
func (a *attempt) position(id string) string {
	if id == noIDSentinel {
		return a.startID
	}
	return id
}

// lastEventID returns the last event ID of the connection.
func (a *attempt) lastEventID() string {
	if a.unterminated != nil {
		return a.unterminated.ID
	}
	return a.position(a.decoder.LastEventID())
}

// connect sends the request of the current attempt, unless its connection is already open.
// It returns nil once the connection is open.
func (s *stream) connect() *outcome {
	a := s.attempt
	if a.decoder != nil {
		return nil
	}
	if s.ctx.Err() != nil {
		return &outcome{kind: cancelled}
	}
	a.started = true
	ctx := s.startAttempt(a.ctx)
	s.notify(change{kind: connecting})
	resp, isHandedOver := s.received, s.received != nil
	if resp == nil {
		var isUnanswered bool
		var err error
		if resp, isUnanswered, err = s.send(ctx, a); err != nil { //nolint:bodyclose // the attempt owns it
			return &outcome{kind: notAccepted, err: err, isUnanswered: isUnanswered}
		}
		a.body = ownBody(a.ctx, resp.Body)
	}
	s.received = nil
	a.statusCode = resp.StatusCode
	s.mu.Lock()
	s.response = resp
	s.mu.Unlock()
	if resp.StatusCode == http.StatusNoContent && !s.cfg.strict {
		return &outcome{kind: noContent}
	}
	if reason := s.cfg.accept(resp); reason != nil {
		return s.refuse(a, resp, reason)
	}
	s.startReading(resp)
	s.notify(change{kind: connected, response: resp, isHandedOver: isHandedOver})
	s.connects++
	return nil
}

// send sends the request with ctx and returns once the response header has arrived. The
// connect timeout covers all of it; without one, the idle timeout does if the request may
// always be sent again. Other requests may take the server a while to answer. If send
// fails, isUnanswered reports whether the request may have reached the server.
func (s *stream) send(ctx context.Context, a *attempt) (resp *http.Response, isUnanswered bool, err error) {
	if d := s.cfg.connectTimeout; d != 0 {
		defer a.abandonAfter(d, fmt.Errorf("%w of %v", ErrConnectTimeout, d)).Stop()
	} else if d := s.cfg.idleTimeout; d != 0 && s.reconnect == ReconnectAlways {
		defer a.abandonAfter(d, fmt.Errorf("%w of %v", ErrIdleTimeout, d)).Stop()
	}
	wasSent := func(*http.Request, error) bool { return false }
	if s.reconnect == ReconnectUntilAccepted {
		ctx, wasSent = s.transport.traceSending(ctx)
	}
	req, err := s.newRequest(ctx)
	if err != nil {
		return nil, false, err
	}
	resp, err = s.http.Do(req)
	if err != nil {
		isRefused := errors.Is(err, errTooManyConnections) // the server has not processed it
		err = unwrapURL(err)
		return nil, wasSent(req, err) && !isRefused, s.unanswered(err)
	}
	return resp, false, nil
}

// unanswered returns the error of a request that got no answer: io.EOF, which would pass
// for the clean end of a response, becomes io.ErrUnexpectedEOF, and an error that every
// attempt would meet becomes final.
func (s *stream) unanswered(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the server closed the connection without an answer: %w", io.ErrUnexpectedEOF)
	case isHeaderTooLarge(err):
		return fmt.Errorf("%w: %w; the last event ID has %d bytes: have the server send shorter IDs or allow a larger header",
			ErrRequest, err, len(s.lastEventID))
	}
	return err
}

// isHeaderTooLarge reports whether an HTTP/2 client did not send a request because its
// header exceeds the server's limit (RFC 9113 §6.5.2). net/http (internal/httpcommon) and
// golang.org/x/net/http2 do not export this error, so its text is compared.
// TestHTTP2IDThatIsLargerThanTheHeaderMayBe fails if the text changes.
func isHeaderTooLarge(err error) bool {
	return strings.Contains(err.Error(), "request header list larger than peer's advertised limit")
}

// noIDSentinel is the initial last event ID of a decoder where events with and without an
// ID of their own must be told apart. No server can send it: an ID that contains NULL is
// ignored (WHATWG HTML §9.2.6).
const noIDSentinel = "\x00"

// startReading makes the decoder for an accepted response.
func (s *stream) startReading(resp *http.Response) {
	a := s.attempt
	body := io.Reader(resp.Body)
	if d := s.cfg.idleTimeout; d != 0 {
		body = newIdleReader(body, d, a)
	}
	hasStartAttempt := func(t *traceObserver) bool { return t.StartAttempt != nil }
	if len(s.meters) != 0 || slices.ContainsFunc(s.traces, hasStartAttempt) {
		a.counter = &readCounter{r: body, meters: s.meters}
		body = a.counter
	}
	body = decodeContent(resp.Header, body)
	if s.diagnostics != nil {
		body = s.diagnostics.reader(body)
	}
	if s.log != nil {
		body = s.log.reader(body)
	}
	a.startID = s.lastEventID
	startID := a.startID
	if s.deduplicator != nil {
		s.deduplicator.reconnected()
		startID = noIDSentinel
	}
	opts := append(slices.Clone(s.cfg.decoder), codec.WithLastEventID(startID))
	a.decoder = codec.NewDecoder(body, opts...)
	a.opened = time.Now()
}

// read returns the next event of the connection, or the outcome if it has ended.
func (s *stream) read() (codec.Event, *outcome) {
	a := s.attempt
	for {
		e, err := a.decoder.Next()
		switch {
		case err == io.EOF: //nolint:errorlint // wrapped, it is an error of the network
			return s.endOfResponse()
		case err != nil:
			if e, ok := s.unterminated(); ok && !isDone(s.done) {
				e.ID = a.position(e.ID)
				s.notify(change{kind: unterminated, event: e, err: err})
			}
			return codec.Event{}, &outcome{kind: connectionBroken, err: err}
		case isDone(s.done):
			return codec.Event{}, &outcome{kind: cancelled}
		}
		a.delivered = true
		if s.deduplicator != nil {
			if s.deduplicator.has(e) {
				continue
			}
			e.ID = a.position(e.ID)
		}
		s.delivered(e)
		return e, nil
	}
}

// delivered counts an event and passes it to the observers that see each event.
func (s *stream) delivered(e codec.Event) {
	s.attempt.events++
	if s.diagnostics != nil {
		s.diagnostics.delivered(e)
	}
	for _, m := range s.meters {
		m.delivered(e)
	}
}
