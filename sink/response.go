package sink

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// maxWrite is the largest piece that a response writes at a time. Each piece has its own
// deadline.
const maxWrite = 32 << 10

// longest is a duration that can be doubled and added to the current time without overflow.
const longest = 100 * 365 * 24 * time.Hour

// heartbeatLine is a comment. It has no blank line: some clients deliver an empty event
// for a blank line that ends nothing.
const heartbeatLine = ":\n"

var errInterrupted = errors.New("the stream was interrupted")

// A response is one event stream to one client. One goroutine writes to it.
type response struct {
	w           http.ResponseWriter
	r           *http.Request
	control     *http.ResponseController
	timeout     time.Duration // of writing a piece: at least this long, at most twice
	deadline    time.Time     // of the writes
	interrupted atomic.Bool   // set by interrupt, on another goroutine
}

func newResponse(w http.ResponseWriter, r *http.Request, timeout time.Duration) *response {
	return &response{w: w, r: r, control: http.NewResponseController(w), timeout: min(timeout, longest)}
}

// setStreamHeader sets the header fields of an event stream.
func setStreamHeader(header http.Header, r *http.Request) {
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-cache, no-transform") // a proxy that compresses holds events back
	header.Set("X-Accel-Buffering", "no")                 // nginx does not buffer the stream
	if r.ProtoMajor == 1 {
		// The write deadline of the stream must not apply to a later request.
		header.Set("Connection", "close")
	}
}

// open sends the status, the header and a first line: the reconnection time, or a comment
// if retry is 0. Proxies and middleware that compress or buffer hold the header back until
// a byte follows it.
func (s *response) open(retry time.Duration) error {
	first := []byte(heartbeatLine)
	if retry > 0 {
		first = appendRetry(nil, jitter(retry))
	}
	setStreamHeader(s.w.Header(), s.r)
	s.w.WriteHeader(http.StatusOK)
	if err := s.write(first); err != nil {
		return err
	}
	return s.flush()
}

// write writes p piece by piece. Call flush unless more follows at once.
func (s *response) write(p []byte) error {
	for piece := range slices.Chunk(p, maxWrite) {
		s.extendDeadline()
		if s.interrupted.Load() { // after the deadline is set: see interrupt
			return errInterrupted
		}
		if _, err := s.w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

func (s *response) flush() error { return s.control.Flush() }

// extendDeadline extends the write deadline once half of it has passed. If the
// ResponseWriter does not support deadlines, only the end of the connection ends a write.
func (s *response) extendDeadline() {
	if now := time.Now(); s.deadline.Sub(now) < s.timeout {
		s.deadline = now.Add(2 * s.timeout)
		_ = s.control.SetWriteDeadline(s.deadline)
	}
}

// rest is called before a pause. The write deadline of an HTTP/2 stream ends the stream
// even when nothing is being written, so rest removes it.
func (s *response) rest() {
	if s.r.ProtoMajor == 2 && !s.deadline.IsZero() {
		s.deadline = time.Time{}
		_ = s.control.SetWriteDeadline(time.Time{})
	}
}

// finish is called before the handler returns: what net/http then writes, the last chunk
// over HTTP/1.1, needs a deadline that has not passed. A response that was not a stream has
// no deadline, and gets none, because the connection stays open for other requests.
func (s *response) finish() {
	if s.deadline.IsZero() {
		return
	}
	s.extendDeadline()
	if s.interrupted.Load() { // after the deadline is set: see write
		s.interrupt()
	}
}

// interrupt ends the current write and makes later ones fail. Another goroutine may call it
// while the handler runs. It reports whether the connection has deadlines: without them,
// the current write continues.
func (s *response) interrupt() bool {
	s.interrupted.Store(true)
	return !errors.Is(s.control.SetWriteDeadline(time.Unix(1, 0)), http.ErrNotSupported)
}

// canFlush reports whether data written to w can be sent at once.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch v := w.(type) {
		case http.Flusher, interface{ FlushError() error }:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return false
		}
	}
}

// refuse turns a request away temporarily. A browser's EventSource that gets an error
// status never tries again, so a request that accepts an event stream gets an empty one
// that asks it to come back after retry. Other requests get status 503.
func refuse(w http.ResponseWriter, r *http.Request, retry time.Duration, reason string) {
	if acceptsEventStream(r) {
		setStreamHeader(w.Header(), r)
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(appendRetry(nil, retry)) // the client comes back in either case
		return
	}
	w.Header().Set("Retry-After", strconv.Itoa(int((retry+time.Second-1)/time.Second)))
	http.Error(w, reason, http.StatusServiceUnavailable)
}

func acceptsEventStream(r *http.Request) bool {
	for _, value := range r.Header.Values("Accept") {
		if strings.Contains(strings.ToLower(value), "text/event-stream") {
			return true
		}
	}
	return false
}

// appendRetry appends a retry line, which sets the client's reconnection time. It has no
// blank line, for the same reason as heartbeatLine.
func appendRetry(dst []byte, d time.Duration) []byte {
	dst = append(dst, "retry: "...)
	dst = strconv.AppendInt(dst, d.Milliseconds(), 10)
	return append(dst, '\n')
}

// jitter returns a random duration between d and one and a half times d, so that clients
// that lose their connections together do not return together.
func jitter(d time.Duration) time.Duration {
	d = min(d, longest)
	return d + rand.N(d/2) //nolint:gosec // spreads load, keeps no secret
}
