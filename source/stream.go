package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A stream is one subscription: a run of connections, one after the other. It is
// pulled by the goroutine that consumes it; what it waits for, it waits for there.
type stream struct {
	ctx    context.Context //nolint:containedctx // a stream is one subscription and ends with its context
	req    *http.Request
	cfg    config
	http   *http.Client
	report report
	done   <-chan struct{} // of ctx

	lastEventID string
	pace        pace
	duplicates  *duplicates // nil: they are delivered
	tail        *tail       // nil: none is kept
	conn        *connection // nil: none is open

	mu       sync.Mutex // guards what other goroutines see of a Session
	line     line
	response *http.Response // the newest
}

// A line is the context of one connection: of the wait before it, of the attempt,
// and of its body. Cutting it closes the connection, whatever else that is doing.
type line struct {
	ctx context.Context //nolint:containedctx // a connection ends with its context
	cut context.CancelCauseFunc
}

// cutter returns a function that cuts l for a reason.
func (l line) cutter(reason error) func() { return func() { l.cut(reason) } }

func newStream(ctx context.Context, req *http.Request, cfg config) *stream {
	s := &stream{ctx: ctx, req: req, cfg: cfg, http: streaming(cfg.http), done: ctx.Done()}
	s.report = newReport(ctx, req, cfg)
	s.pace = pace{reconnectionTime: DefaultReconnectionTime, healthyAfter: cfg.healthyAfter}
	if cfg.reconnectionTime != nil {
		s.pace.reconnectionTime = *cfg.reconnectionTime
	}
	if cfg.window > 0 {
		s.duplicates = newDuplicates(cfg.window)
	}
	if cfg.tailLines > 0 || cfg.tailEvents > 0 {
		s.tail = newTail(cfg.tailLines, cfg.tailEvents)
	}
	s.renew()
	return s
}

// run delivers the stream to yield.
func (s *stream) run(yield func(codec.Event, error) bool) {
	defer s.close()
	if err := s.begin(); err != nil {
		yield(codec.Event{}, err)
		return
	}
	for {
		e, err := s.next()
		if err != nil {
			if err != io.EOF { //nolint:errorlint // next returns it unwrapped
				yield(codec.Event{}, err)
			}
			return
		}
		if !yield(e, nil) {
			return
		}
	}
}

// begin finds the last event ID that the stream begins with. If it fails, the
// stream has.
func (s *stream) begin() error {
	const key = "Last-Event-ID"
	s.lastEventID = cmp.Or(s.cfg.lastEventID, s.cfg.header.Get(key), s.req.Header.Get(key))
	if s.cfg.checkpoint == nil {
		return nil
	}
	id, err := s.cfg.checkpoint.Load(s.ctx)
	switch {
	case s.ctx.Err() != nil:
		return context.Cause(s.ctx)
	case err != nil:
		return s.failure(fmt.Errorf("%w: %w", ErrCheckpoint, err))
	}
	s.lastEventID = cmp.Or(id, s.lastEventID)
	return nil
}

// next returns the next event, io.EOF when the stream has completed, and otherwise
// why it has failed. After an error it is not called again.
func (s *stream) next() (codec.Event, error) {
	for {
		err := s.connect()
		if err == nil {
			var e codec.Event
			if e, err = s.receive(); err == nil {
				return e, nil
			}
		}
		if err := s.settle(err); err != nil {
			return codec.Event{}, err
		}
	}
}

// connect makes an attempt unless a connection is open.
func (s *stream) connect() error {
	if s.conn != nil {
		return nil
	}
	s.report.connecting(s.pace.failures + 1)
	resp, err := s.open() //nolint:bodyclose // disconnect does
	if err != nil {
		return err
	}
	s.conn = s.newConnection(resp)
	s.report.open(resp)
	return nil
}

// receive returns the next event of the connection. It returns io.EOF when the
// server has ended the response, and otherwise what went wrong.
func (s *stream) receive() (codec.Event, error) {
	for {
		e, err := s.conn.decoder.Next()
		if err != nil {
			return e, s.reason(err)
		}
		if cancelled(s.done) {
			return codec.Event{}, context.Cause(s.ctx)
		}
		s.conn.delivered = true
		if s.duplicates != nil {
			if s.duplicates.has(e) {
				continue
			}
			e.ID = s.conn.position(e.ID)
		}
		if s.tail != nil {
			s.tail.add(e)
		}
		s.report.event(e, s.conn)
		return e, nil
	}
}

// settle decides what follows a connection, or an attempt at one, that ended with
// err. It returns nil when the time has come for the next attempt, and otherwise
// how the stream ends: io.EOF is by completion.
func (s *stream) settle(err error) error {
	failed, asked := s.disconnect()
	if !failed {
		s.pace.healthy()
	}
	switch {
	case s.ctx.Err() != nil:
		return context.Cause(s.ctx)
	case errors.Is(err, errNoContent):
		s.report.ended(nil)
		return io.EOF
	case errors.Is(err, errReconnect):
		s.report.disconnected(s.failure(err))
		return nil
	case failed:
		s.pace.failed()
	}
	if err != io.EOF { //nolint:errorlint // wrapped, it is a failure
		err = s.failure(err)
	}
	if over, reason := s.over(err); over {
		s.report.ended(reason)
		return cmp.Or(reason, io.EOF)
	}
	s.report.disconnected(err)
	if asked {
		return nil
	}
	wait := s.pace.next(err)
	s.report.waiting(wait)
	if !sleep(s.line.ctx, wait) {
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		s.renew() // Reconnect was called, to try at once
	}
	return nil
}

// over reports whether the stream ends with a connection that ended with err,
// and with which error: nil means completion.
func (s *stream) over(err error) (over bool, reason error) {
	limit := s.cfg.maxAttempts
	failure, failed := err.(*Error) //nolint:errorlint // one of our own is never wrapped
	switch {
	case failed && !s.cfg.retry(failure):
		return true, err
	case limit == nil:
		return false, nil
	case *limit == 0 && !failed:
		return true, nil
	case *limit > s.pace.failures:
		return false, nil
	case !failed:
		return true, s.failure(ErrEndedEarly)
	default:
		return true, err
	}
}

// disconnect closes the connection if one is open, keeps what the next one needs,
// and reports whether it has failed, and whether Reconnect was called meanwhile.
func (s *stream) disconnect() (failed, asked bool) {
	c := s.conn
	if c == nil {
		return true, s.renew()
	}
	s.conn = nil
	s.lastEventID = c.position(c.decoder.LastEventID())
	if d, set := c.decoder.Retry(); set {
		s.pace.reconnectionTime = min(d, mostWait)
	}
	asked = s.renew()
	_ = c.body.Close() // its line is cut: there is nothing to wait for
	return !s.pace.isHealthy(c.delivered, time.Since(c.opened)), asked
}

// close ends the stream and closes its connection. It may be called again.
func (s *stream) close() {
	s.cut(nil)
	if s.conn != nil {
		_ = s.conn.body.Close()
	}
}

// renew gives the connection to come a line of its own, and reports whether the
// one before was cut by Reconnect.
func (s *stream) renew() (asked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line.cut != nil {
		s.line.cut(nil)
		asked = errors.Is(context.Cause(s.line.ctx), errReconnect)
	}
	s.line.ctx, s.line.cut = context.WithCancelCause(s.ctx) //nolint:fatcontext // it replaces the last, it does not nest
	return asked
}

// cut ends the present line, for a reason. It may be called by any goroutine.
func (s *stream) cut(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line.cut(reason)
}

// reason returns why an attempt or a connection failed with err: if its line was
// cut, for the reason of that.
func (s *stream) reason(err error) error {
	if err == io.EOF { //nolint:errorlint // wrapped, it is the network's
		return err
	}
	if cause := context.Cause(s.line.ctx); cause != nil {
		return cause
	}
	return err
}

// failure describes err as a failure of this stream.
func (s *stream) failure(err error) *Error {
	e, ok := err.(*Error) //nolint:errorlint // one of our own is never wrapped
	if !ok {
		e = &Error{Method: method(s.req), URL: s.cfg.redact(s.req.URL), Err: err}
	}
	e.LastEventID = s.lastEventID
	e.Attempts = s.pace.failures
	e.TailLines, e.TailEvents = s.tail.copy()
	return e
}

// sleep waits for d and reports whether ctx lasted that long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
