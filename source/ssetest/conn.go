package ssetest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A Conn is one connection of a script: a request, and the response that the script makes.
// Its methods must be called on the script's goroutine.
type Conn struct {
	// Request is the request that this connection answers, as in [Server.Requests].
	Request Request
	// N is the number of the request, from 1.
	N int

	w       http.ResponseWriter
	control *http.ResponseController
	gone    <-chan struct{}
	chunk   int
	begun   bool
}

// LastEventID returns the last event ID that the client sent, or "".
func (c *Conn) LastEventID() string { return c.Request.LastEventID }

// Header returns the header of the response, which can be changed before anything is sent.
// Its Content-Type is text/event-stream by default.
func (c *Conn) Header() http.Header { return c.w.Header() }

// Answer answers the request with a status and a body, and ends the script. Use it for
// errors, redirects and 204. To set other header fields, use Header first. Answer panics if
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

// errAnswered ends the script: Answer panics with it.
var errAnswered = errors.New("ssetest: the script has answered")

// Chunk makes the server write and flush all later output in pieces of n bytes. The
// default, 0, makes each event, Comment and Raw one piece.
func (c *Conn) Chunk(n int) { c.chunk = n }

// Open sends the header of the response, which is otherwise sent with the first event.
func (c *Conn) Open() {
	c.begin()
	c.flush()
}

// Send sends events and flushes after each. It panics if the format cannot carry an event;
// use Raw for such bytes.
func (c *Conn) Send(events ...codec.Event) {
	for _, e := range events {
		wire, err := codec.AppendEvent(nil, e)
		if err != nil {
			panic(fmt.Sprintf("ssetest: Send: %v; for such bytes use Raw", err))
		}
		c.write(wire)
	}
}

// Raw sends text unchanged.
func (c *Conn) Raw(text string) { c.write([]byte(text)) }

// Comment sends a comment line, as servers do for a heartbeat.
func (c *Conn) Comment(text string) { c.Send(codec.Event{Comment: text}) }

// Sleep waits for d. It ends the script if the client leaves first.
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

// Drop closes the connection in the middle of the response.
func (c *Conn) Drop() {
	c.Open()
	panic(http.ErrAbortHandler)
}

// Reset is Drop with a reset of the connection: the client sees "connection reset by peer".
func (c *Conn) Reset() {
	c.Open()
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
