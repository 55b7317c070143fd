package sink_test

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// A conn is a client's end of a stream, for bubbles: the client receives at once what the
// handler writes, and a test may hold it up.
type conn struct {
	mu       sync.Mutex
	header   http.Header
	status   int
	explicit int // the status that WriteHeader was called with before Write and Flush
	written  strings.Builder
	flushes  int
	held     chan struct{} // while it is not nil, writes wait for it or the deadline
	pace     time.Duration // how long it takes to write 32 KiB
	deadline time.Time
	changed  chan struct{}
	failure  error
}

func newConn() *conn { return &conn{header: http.Header{}, changed: make(chan struct{})} }

func (c *conn) Header() http.Header { return c.header }

func (c *conn) WriteHeader(status int) {
	if c.status == 0 {
		c.status, c.explicit = status, status
	}
}

// begin sets the status to 200 if WriteHeader was not called.
func (c *conn) begin() {
	if c.status == 0 {
		c.status = http.StatusOK
	}
}

func (c *conn) Write(p []byte) (int, error) {
	c.begin()
	for {
		c.mu.Lock()
		if c.failure != nil {
			err := c.failure
			c.mu.Unlock()
			return 0, err
		}
		held, deadline, changed := c.held, c.deadline, c.changed
		took := c.pace * time.Duration(len(p)) / (32 << 10)
		if held == nil && took == 0 {
			c.written.Write(p)
		}
		c.mu.Unlock()
		if held == nil && took == 0 {
			return len(p), nil
		}
		if held == nil {
			return c.writeSlowly(p, took, deadline)
		}
		var expired <-chan time.Time
		if !deadline.IsZero() {
			expired = time.After(time.Until(deadline))
		}
		select {
		case <-held:
			c.mu.Lock()
			c.held = nil
			c.mu.Unlock()
		case <-changed:
		case <-expired:
			return 0, os.ErrDeadlineExceeded
		}
	}
}

func (c *conn) writeSlowly(p []byte, took time.Duration, deadline time.Time) (int, error) {
	if !deadline.IsZero() && time.Until(deadline) < took {
		time.Sleep(time.Until(deadline))
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(took)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written.Write(p)
}

func (c *conn) FlushError() error {
	c.begin()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushes++
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	close(c.changed)
	c.changed = make(chan struct{})
	return nil
}

// hold holds up writes until release is called.
func (c *conn) hold() (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := make(chan struct{})
	c.held = held
	return func() { close(held) }
}

// fail makes writes fail.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = err
	close(c.changed) // for a write that is held up
	c.changed = make(chan struct{})
}

// all returns all that was written.
func (c *conn) all() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written.String()
}

// opening returns the first line, which is sent with the header.
func (c *conn) opening() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	line, _, _ := strings.Cut(c.written.String(), "\n")
	return line
}

// body returns what follows the first line.
func (c *conn) body() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, rest, _ := strings.Cut(c.written.String(), "\n")
	return rest
}

// connect makes h serve a client in the bubble. It returns the client's end, a function
// that closes the connection, and a channel that is closed when the handler returns.
func connect(t *testing.T, h http.Handler, target string, header ...string) (c *conn, leave func(), gone <-chan struct{}) {
	t.Helper()
	c = newConn()
	leave, gone = connectWith(t, h, c, target, header...)
	return c, leave, gone
}

// connectWith is connect with the test's own ResponseWriter.
func connectWith(t *testing.T, h http.Handler, w http.ResponseWriter, target string, header ...string) (leave func(), gone <-chan struct{}) {
	t.Helper()
	leave, gone = begin(t, h, w, target, header...)
	synctest.Wait()
	return leave, gone
}

// begin is connectWith that does not wait until the header is sent.
func begin(t *testing.T, h http.Handler, w http.ResponseWriter, target string, header ...string) (leave func(), gone <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(w, r)
	}()
	return cancel, done
}

// flushing hides the deadlines of a conn.
type flushing struct{ c *conn }

func (f flushing) Header() http.Header         { return f.c.Header() }
func (f flushing) WriteHeader(status int)      { f.c.WriteHeader(status) }
func (f flushing) Write(p []byte) (int, error) { return f.c.Write(p) }
func (f flushing) FlushError() error           { return f.c.FlushError() }

// pretending has deadlines that do nothing.
type pretending struct{ flushing }

func (pretending) SetWriteDeadline(time.Time) error { return nil }

func event(id string) codec.Event { return codec.Event{Type: "message", Data: "d" + id, ID: id} }

func wires(ids ...string) (all string) {
	for _, id := range ids {
		all += event(id).String()
	}
	return all
}

func send(t *testing.T, b *sink.Broadcaster, ids ...string) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, b.Send(t.Context(), event(id)))
		settle()
	}
}

// recovering recovers from panics, as a server does.
func recovering(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { _ = recover() }()
		h.ServeHTTP(w, r)
	})
}

// settle waits until all clients that are not held up have what was published. Clients
// are woken once a millisecond at most.
func settle() {
	time.Sleep(2 * time.Millisecond)
	synctest.Wait()
}

// finish ends the broadcast, so that the bubble can end.
func finish(t *testing.T, b *sink.Broadcaster) {
	t.Helper()
	require.NoError(t, b.Shutdown(t.Context()))
}

func decode(t *testing.T, stream string) []codec.Event {
	t.Helper()
	events, _ := decodeID(t, stream)
	return events
}

// decodeID returns the events and the last event ID of a stream.
func decodeID(t *testing.T, stream string) (events []codec.Event, last string) {
	t.Helper()
	d := codec.NewDecoder(strings.NewReader(stream))
	for e, err := range d.Events() {
		require.NoError(t, err)
		events = append(events, e)
	}
	return events, d.LastEventID()
}

func failingEvents(err error) rxsse.Observable[codec.Event] {
	return func(context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) { yield(codec.Event{}, err) }
	}
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	all, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(all)
}
