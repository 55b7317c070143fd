package sink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A ServeOption configures [Serve].
type ServeOption func(*serveOptions)

type serveOptions struct {
	heartbeat    time.Duration
	retry        time.Duration
	writeTimeout time.Duration
	errorEvent   func(error) codec.Event
}

// ServeHeartbeat sends a comment after d without an event, so that proxies keep the
// connection open and dead connections are noticed. The default is 15 seconds.
// ServeHeartbeat panics if d is not positive.
func ServeHeartbeat(d time.Duration) ServeOption {
	argument.MustBePositive("sink: ServeHeartbeat: d", d)
	return func(o *serveOptions) { o.heartbeat = d }
}

// ServeRetry sends the client a reconnection time: how long it waits to send the request
// again after the response has ended. It is a random time between d and 1.5 × d, so that
// clients do not all return at once. By default none is sent, and browsers wait 3 to 5
// seconds. ServeRetry panics if d is less than a millisecond.
func ServeRetry(d time.Duration) ServeOption {
	if d < time.Millisecond {
		panic(fmt.Sprintf("sink: ServeRetry: d must be at least a millisecond, got %v", d))
	}
	return func(o *serveOptions) { o.retry = d }
}

// ServeWriteTimeout ends the stream when a single write, of a few KiB, takes longer than d.
// A write keeps the deadline of an earlier one if at least d is left, so it may take up to
// twice d. The default is one minute, see [WithWriteTimeout]. ServeWriteTimeout panics if d
// is not positive.
func ServeWriteTimeout(d time.Duration) ServeOption {
	argument.MustBePositive("sink: ServeWriteTimeout: d", d)
	return func(o *serveOptions) { o.writeTimeout = d }
}

// ServeErrorEvent ends the response with the event that f returns when src fails. f decides
// what the client learns about the error. By default the response is aborted, see [Serve].
func ServeErrorEvent(f func(error) codec.Event) ServeOption {
	argument.MustNotBeNil("sink: ServeErrorEvent: f", f == nil)
	return func(o *serveOptions) { o.errorEvent = f }
}

// LastEventID returns the ID of the last event that the client of a request has, or "". It
// is the Last-Event-ID header, which browsers send when they reconnect. Clients that cannot
// set the header use a query parameter instead: lastEventId or evs_last_event_id, in upper
// or lower case, with or without "-" and "_". Of several, the last one counts.
func LastEventID(r *http.Request) string {
	q, _ := parseRequest(r) // a query that cannot be parsed has no ID
	return q.lastEventID
}

// Serve answers a request with the events of src as a stream of Server-Sent Events, over
// HTTP/1.1 or HTTP/2. It subscribes to src, and ends src when the client leaves. To publish
// one stream to many clients, use a [Broadcaster].
//
//	mux.HandleFunc("GET /prices", func(w http.ResponseWriter, r *http.Request) {
//		prices := pricesAfter(sink.LastEventID(r)) // an rxsse.Observable[Price]
//		err := sink.Serve(w, r, operators.EncodeJSON(prices, "price"))
//		…
//	})
//
// Serve sends the header and a first line at once. It sends each event when src delivers
// it; events that arrive while the connection is busy, at most 256, are sent with the next
// write. A client that reads slowly slows src down; a client that does not read is
// disconnected, see [ServeWriteTimeout]. The server's own WriteTimeout does not apply.
// Events are repaired where the format requires it: CR and CRLF in data become LF, and
// invalid UTF-8 becomes U+FFFD. An event whose type or ID cannot be sent ends the stream as
// an error of src does.
//
// # How it ends
//
// Serve returns nil when src completes and all events are written. A browser's EventSource
// then reconnects; to stop it, send a final event on which the page calls close, or answer
// the next request with status 204.
//
// When src fails, Serve sends the events before the error and returns the error. It aborts
// the response, so that the client notices that the stream is incomplete, or sends the
// event of [ServeErrorEvent]. It cannot abort the response of a ResponseWriter without
// write deadlines, such as a [net/http/httptest.ResponseRecorder].
//
// When the client leaves, Serve returns the cause of the request's context, or the error of
// the write that failed. In all cases src has ended when Serve returns. A panic in src
// reaches the caller, and net/http aborts the response.
//
// Serve answers HEAD with the header, without subscribing to src. If the ResponseWriter
// cannot flush, Serve answers with status 500 and returns an error.
//
// # In a server
//
// Read the body of the request before calling Serve, because over HTTP/1.1 it cannot be
// read once the response has begun. [http.Server.Shutdown] waits for Serve, so end src on
// shutdown:
//
//	stopping := make(chan struct{})
//	server.RegisterOnShutdown(func() { close(stopping) })
//	stop := operators.DefaultIfEmpty(source.FromChannel(stopping), struct{}{}) // an item for each stream
//	…
//	err := sink.Serve(w, r, operators.TakeUntil(prices, stop))
func Serve(w http.ResponseWriter, r *http.Request, src rxsse.Observable[codec.Event], opts ...ServeOption) error {
	argument.MustNotBeNil("sink: Serve: src", src == nil)
	o := serveOptions{heartbeat: 15 * time.Second, writeTimeout: time.Minute}
	for _, opt := range opts {
		opt(&o)
	}
	if !canFlush(w) {
		err := fmt.Errorf("sink: Serve: %w: a handler or middleware hides http.Flusher", http.ErrNotSupported)
		http.Error(w, "events cannot be sent", http.StatusInternalServerError)
		return err
	}
	if r.Method == http.MethodHead {
		setStreamHeader(w.Header(), r)
		return nil
	}
	s := server{serveOptions: o, response: newResponse(w, r, o.writeTimeout)}
	if err := s.open(o.retry); err != nil {
		return fmt.Errorf("sink: Serve: %w", err)
	}
	ctx := r.Context()
	err := s.stream(ctx, src)
	if err == nil {
		s.finish()
	} else if ctx.Err() == nil && !s.broken {
		err = s.fail(err)
	}
	return err
}

// A server is one call of Serve.
type server struct {
	serveOptions
	*response

	buf    []byte
	broken bool // a write has failed
}

// stream sends the events of src until it ends.
func (s *server) stream(ctx context.Context, src rxsse.Observable[codec.Event]) error {
	q := handoff.New[codec.Event](ctx, handoff.DefaultLimit)
	defer q.Stop()
	q.Go(src)
	heartbeat := time.NewTimer(s.heartbeat)
	defer heartbeat.Stop()
	for {
		if s.heartbeat > s.timeout/2 {
			s.rest() // the deadline could pass before the next write
		}
		events, signal := q.Receive(heartbeat.C)
		var err error
		switch signal {
		case handoff.End:
			return q.Err()
		case handoff.Tick:
			err = s.send([]byte(heartbeatLine))
		default:
			err = s.sendEvents(events)
		}
		if err != nil {
			return err
		}
		heartbeat.Reset(s.heartbeat)
	}
}

// sendEvents sends events with one write. It sends those before one that cannot be
// encoded, and returns the error.
func (s *server) sendEvents(events []codec.Event) error {
	buf := s.buf[:0]
	var failure error
	for _, e := range events {
		wire, _, err := appendWire(buf, &e)
		if err != nil {
			failure = fmt.Errorf("sink: Serve: %w", err)
			break
		}
		buf = wire
	}
	s.buf = reusable(buf)
	if err := s.send(buf); err != nil {
		return err
	}
	return failure
}

// send writes and flushes p.
func (s *server) send(p []byte) error {
	err := s.write(p)
	if err == nil {
		err = s.flush()
	}
	if err != nil {
		s.broken = true
		return fmt.Errorf("sink: Serve: %w", err)
	}
	return nil
}

// fail ends the response because of err, and returns err.
func (s *server) fail(err error) error {
	if s.errorEvent != nil {
		sending := s.sendEvents([]codec.Event{s.errorEvent(err)})
		if sending == nil {
			return err
		}
		err = errors.Join(err, sending)
	}
	s.interrupt()
	return err
}
