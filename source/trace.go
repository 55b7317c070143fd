package source

import (
	"net/http"
	"time"
)

// A Trace is a set of hooks that a stream calls as its state changes, on the
// goroutine that ranges over it. Any of them may be nil. One Trace may serve
// several streams, whose calls then come at the same time.
type Trace struct {
	// Connecting is called before each attempt. Attempts are counted from 1, anew
	// after a connection that has delivered an event.
	Connecting func(attempt int)
	// Open is called when the server has accepted. The body belongs to the stream.
	Open func(*http.Response)
	// Disconnected is called when an attempt has failed or a connection has ended,
	// and the stream has not: io.EOF means that the server ended the response in an
	// orderly way, everything else is an [Error].
	Disconnected func(error)
	// Waiting is called before the stream waits to connect again.
	Waiting func(time.Duration)
}

func (t *Trace) connecting(attempt int) {
	if t != nil && t.Connecting != nil {
		t.Connecting(attempt)
	}
}

func (t *Trace) open(resp *http.Response) {
	if t != nil && t.Open != nil {
		t.Open(resp)
	}
}

func (t *Trace) disconnected(err error) {
	if t != nil && t.Disconnected != nil {
		t.Disconnected(err)
	}
}

func (t *Trace) waiting(d time.Duration) {
	if t != nil && t.Waiting != nil {
		t.Waiting(d)
	}
}
