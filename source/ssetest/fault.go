package ssetest

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/rxsse/rxsse"
)

// A fault is a script that panicked or ended its goroutine. A client that reconnects would
// run into it forever, in a bubble where no real time passes. So from then on the server
// gives every request an answer that ends the client's stream and says why.
type fault struct {
	// panicked is nil if the script called [runtime.Goexit], as FailNow of [testing.T]
	// does: then the test has already failed.
	panicked *rxsse.PanicError
}

func (f *fault) answer(w http.ResponseWriter) {
	reason := "the script has ended its goroutine, as testing.T.FailNow does"
	if f.panicked != nil {
		reason = fmt.Sprintf("the script has panicked: %v", f.panicked.Value)
	}
	http.Error(w, "ssetest: "+reason, http.StatusBadRequest)
}

// play runs the script to the end of the response.
func (s *Server) play(c *Conn) {
	var bad *fault
	ended := false
	defer func() {
		switch v := recover(); {
		case isEnd(v, errAnswered), v == nil && ended:
			return
		case isEnd(v, http.ErrAbortHandler):
			panic(v) // for net/http, which breaks the connection
		case v == nil:
			bad = &fault{}
		default:
			bad = &fault{panicked: &rxsse.PanicError{Value: v, Stack: debug.Stack()}}
		}
		s.mu.Lock()
		if s.fault == nil {
			s.fault = bad
		}
		s.mu.Unlock()
		if c.begun || bad.panicked == nil {
			panic(http.ErrAbortHandler)
		}
		bad.answer(c.w)
	}()
	s.script(c)
	c.Open()
	ended = true
}

// isEnd reports whether a panic with v is one that ends a script.
func isEnd(v any, end error) bool {
	err, ok := v.(error)
	return ok && errors.Is(err, end)
}
