package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/clock"
)

// A stream is one subscription: a series of attempts. The goroutine that ranges over the
// stream pulls it, and does all waiting.
type stream struct {
	ctx  context.Context //nolint:containedctx // a stream is one subscription and ends with its context
	done <-chan struct{} // of ctx
	req  *http.Request
	cfg  config
	http *http.Client

	requestURL *url.URL // of the latest attempt, as changed by the function of WithPrepare

	transport *transport // of http

	observers    []observer
	meters       []*streamMeter   // also observers
	traces       []*traceObserver // also observers
	diagnostics  *diagnostics     // also an observer; nil: nothing is kept
	log          *logObserver     // also an observer; nil: nothing is logged
	deduplicator *deduplicator    // nil: duplicates are delivered

	lastEventID string
	connects    int // connections so far
	reconnect   Reconnect
	backoff     backoff

	// attempt is the current one, never nil. The ranging goroutine replaces it under the
	// lock, and reads it without; others need the lock.
	attempt  *attempt
	mu       sync.Mutex
	response *http.Response // the latest
	received *http.Response // the answer to the first attempt, if the caller has it already
	closed   atomic.Bool
}

func newStream(ctx context.Context, req *http.Request, cfg config) *stream {
	s := &stream{ctx: ctx, done: ctx.Done(), req: req, requestURL: req.URL, cfg: cfg, attempt: newAttempt(ctx)}
	client := cmp.Or(cfg.http, http.DefaultClient)
	s.transport = newTransport(client.Transport, cfg.abandoned)
	s.http = streaming(client, s.transport)
	s.reconnect, s.backoff = cfg.reconnectPolicy(method(req)), newBackoff(cfg)
	if cfg.window != 0 {
		s.deduplicator = newDeduplicator(cfg.window)
	}
	s.observe()
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

// begin finds the last event ID that the stream begins with. If it fails, the stream
// fails.
func (s *stream) begin() error {
	s.lastEventID = cmp.Or(s.cfg.lastEventID, s.cfg.header.Get(lastEventIDField), s.req.Header.Get(lastEventIDField))
	if s.cfg.checkpoint == nil {
		return nil
	}
	id, err := s.cfg.checkpoint.Load(s.ctx)
	switch {
	case s.ctx.Err() != nil:
		return context.Cause(s.ctx)
	case err != nil:
		failure := s.newError(fmt.Errorf("%w: %w", ErrCheckpoint, err))
		s.notify(change{kind: failed, err: failure})
		return failure
	}
	s.lastEventID = cmp.Or(id, s.lastEventID)
	return nil
}

// next returns the next event, io.EOF when the stream has completed, and otherwise why it
// has failed. After an error it must not be called again.
func (s *stream) next() (codec.Event, error) {
	for {
		out := s.connect()
		if out == nil {
			var e codec.Event
			if e, out = s.read(); out == nil {
				return e, nil
			}
		}
		s.endAttempt(out)
		next := s.decide(out)
		if next.isFinal {
			return codec.Event{}, next.err
		}
		s.wait(next.delay)
	}
}

// wait waits for d. It returns early when the stream is cancelled or Reconnect is called.
func (s *stream) wait(d time.Duration) {
	a := s.attempt
	if clock.Sleep(a.ctx, d) {
		return
	}
	_ = s.replaceAttempt()  // even if the stream was cancelled
	if a.abandoned.Load() { // by Reconnect: the previous connection may be dead
		s.transport.abandon()
	}
}

// abandon gives up the connection of the current attempt. Any goroutine may call it.
func (s *stream) abandon(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempt.abandon(reason)
}

// close closes the connection and ends the stream. It may be called again, but not
// concurrently with next.
func (s *stream) close() {
	a := s.attempt
	how := OutcomeClosed
	var err error
	if cause := context.Cause(s.ctx); cause != nil && !errors.Is(cause, ErrClosed) {
		how, err = OutcomeCancelled, cause
	}
	defer func() {
		if s.closed.CompareAndSwap(false, true) {
			s.notify(change{kind: closed})
		}
	}()
	a.end()
	s.report(a, how, err)
}
