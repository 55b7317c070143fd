package ssetest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A Conn is one connection, as a script plays it: a request, and the response
// that the script makes. Its methods are called from the script's goroutine.
type Conn struct {
	// Request is the request that this connection answers, as [Server.Requests] has it.
	Request Request
	// N is the number of the request, from 1.
	N int

	w       http.ResponseWriter
	control *http.ResponseController
	gone    <-chan struct{}
	chunk   int
	begun   bool
}

// LastEventID returns the last event ID that the client sent, "" if none.
func (c *Conn) LastEventID() string { return c.Request.LastEventID }

// Header returns the header of the response, to be changed before anything is
// sent. It says text/event-stream unless it is changed.
func (c *Conn) Header() http.Header { return c.w.Header() }

// Answer answers the request with a status and a body and ends the script: for
// errors, redirects, and 204. Set other fields with Header before. It panics if
// the response has begun.
func (c *Conn) Answer(status int, body string) {
	if c.begun {
		panic("ssetest: Answer: the response has begun")
	}
	if c.Header().Get("Content-Type") == "" {
		c.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	c.begun = true
	c.w.WriteHeader(status)
	_, _ = io.WriteString(c.w, body)
	panic(errAnswered)
}

// errAnswered is what Answer panics with, to end the script.
var errAnswered = errors.New("ssetest: the script has answered")

// Chunk makes the server write and flush everything that follows in pieces of n bytes.
// The default is 0: each event, each Comment and each Raw is one piece.
func (c *Conn) Chunk(n int) { c.chunk = n }

// Open sends the header of the response, which otherwise waits for the first
// event.
func (c *Conn) Open() {
	c.begin()
	c.flush()
}

// Send sends events, each at once. It panics if the format cannot carry an event: send
// such bytes with Raw.
func (c *Conn) Send(events ...codec.Event) {
	for _, e := range events {
		wire, err := codec.AppendEvent(nil, e)
		if err != nil {
			panic(fmt.Sprintf("ssetest: Send(%+v): %v", e, err))
		}
		c.write(wire)
	}
}

// Raw sends text as it is.
func (c *Conn) Raw(text string) { c.write([]byte(text)) }

// Comment sends a comment line, as servers do to keep connections alive.
func (c *Conn) Comment(text string) { c.Send(codec.Event{Comment: text}) }

// Sleep waits for d. It ends the script when the client leaves before that.
func (c *Conn) Sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.gone:
		panic(http.ErrAbortHandler)
	}
}

// Hold keeps the connection open and silent until the client leaves.
func (c *Conn) Hold() {
	c.Open()
	<-c.gone
	panic(http.ErrAbortHandler)
}

// Gone returns a channel that is closed when the client has left or the server
// is closed.
func (c *Conn) Gone() <-chan struct{} { return c.gone }

// Drop breaks the connection where it is: the client sees it end before the
// response does.
func (c *Conn) Drop() {
	c.begin()
	c.flush()
	panic(http.ErrAbortHandler)
}

// Reset breaks the connection as Drop does, but with a reset in place of an
// clean close: the client sees "connection reset by peer".
func (c *Conn) Reset() {
	c.begin()
	c.flush()
	if conn, _, err := c.control.Hijack(); err == nil {
		if tcp, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

func (c *Conn) begin() {
	if c.begun {
		return
	}
	c.begun = true
	if c.Header().Get("Content-Type") == "" {
		c.Header().Set("Content-Type", "text/event-stream")
	}
	c.w.WriteHeader(http.StatusOK)
}

func (c *Conn) write(p []byte) {
	c.begin()
	for len(p) > 0 {
		n := len(p)
		if c.chunk > 0 {
			n = min(n, c.chunk)
		}
		if _, err := c.w.Write(p[:n]); err != nil {
			panic(http.ErrAbortHandler)
		}
		c.flush()
		p = p[n:]
	}
}

func (c *Conn) flush() {
	if err := c.control.Flush(); err != nil {
		panic(http.ErrAbortHandler)
	}
}
