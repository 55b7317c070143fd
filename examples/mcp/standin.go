package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rxsse/rxsse/codec"
)

// A standIn is a small MCP server with one session. It breaks each stream once and resumes
// it when the client asks.
type standIn struct {
	session string
	pause   time.Duration // between two events

	mu     sync.Mutex
	broken map[string]bool // streams by name
	steps  map[string]int  // of the calls of count, by the request's ID
}

func newStandIn(pause time.Duration) *standIn {
	return &standIn{session: rand.Text(), pause: pause, broken: map[string]bool{}, steps: map[string]int{}}
}

// openStandIn serves a stand-in on loopback until the returned function is called.
func openStandIn(ctx context.Context, pause time.Duration) (url string, closeServer func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: newStandIn(pause), ReadHeaderTimeout: 10 * time.Second}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(listener) }) // until it is closed
	return "http://" + listener.Addr().String() + "/mcp", func() {
		_ = server.Close()
		done.Wait()
	}, nil
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.post(w, r)
		return
	}
	switch {
	case r.Header.Get("Mcp-Session-Id") != s.session:
		http.Error(w, "unknown session", http.StatusNotFound)
	case r.Method == http.MethodGet:
		name, n, _ := strings.Cut(r.Header.Get("Last-Event-ID"), ".")
		last, _ := strconv.Atoi(n)
		if name == "" {
			name = "log"
		}
		s.stream(w, r, name, last+1)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

// post answers a message: a notification with 202, a call of count with a stream, and
// everything else with JSON.
func (s *standIn) post(w http.ResponseWriter, r *http.Request) {
	var m Message
	if err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, maxBody), &m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if m.Method != "initialize" && r.Header.Get("Mcp-Session-Id") != s.session {
		http.Error(w, "unknown session", http.StatusNotFound)
		return
	}
	if m.ID == nil || m.Method == "" {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	answer := Message{Version: "2.0", ID: m.ID}
	switch m.Method {
	case "initialize":
		w.Header().Set("Mcp-Session-Id", s.session)
		answer.Result = jsontext.Value(`{"protocolVersion":"` + protocolVersion + `","capabilities":{"tools":{},"logging":{}},"serverInfo":{"name":"stand-in","version":"1"}}`)
	case "tools/list":
		answer.Result = jsontext.Value(`{"tools":[{"name":"count","description":"counts to n"},{"name":"echo","description":"repeats the message"}]}`)
	case "tools/call":
		var params struct {
			Name      string `json:"name"`
			Arguments struct {
				N       int    `json:"n"`
				Message string `json:"message"`
			} `json:"arguments"`
		}
		err := json.Unmarshal(m.Params, &params)
		switch {
		case err != nil || params.Name != "count" && params.Name != "echo":
			answer.Error = &RPCError{Code: -32602, Message: "unknown tool"}
		case params.Name == "count":
			s.mu.Lock()
			s.steps[string(m.ID)] = params.Arguments.N
			s.mu.Unlock()
			s.stream(w, r, string(m.ID), 1)
			return
		default:
			answer.Result = text(params.Arguments.Message)
		}
	default:
		answer.Error = &RPCError{Code: methodNotFound, Message: "method not found"}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, answer)
}

func text(s string) jsontext.Value {
	result, err := json.Marshal(map[string]any{"content": []map[string]string{{"type": "text", "text": s}}}, json.Deterministic(true))
	if err != nil {
		panic(err) // a string can be encoded
	}
	return result
}

// stream sends the events of a stream from the n-th on. The stream "log" has no end;
// others answer the call of count with that ID.
func (s *standIn) stream(w http.ResponseWriter, r *http.Request, name string, n int) {
	s.mu.Lock()
	steps, isCall := s.steps[name]
	breaks := !s.broken[name]
	s.broken[name] = true
	s.mu.Unlock()
	if !isCall && name != "log" {
		http.Error(w, "unknown event ID", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	events, flush := codec.NewEncoder(w), http.NewResponseController(w).Flush
	send := func(id int, data string) bool {
		e := codec.Event{ID: fmt.Sprintf("%s.%d", name, id), Data: data, Retry: s.pause}
		return events.Encode(e) == nil && flush() == nil
	}
	if !send(n-1, "") { // lets the client resume before the first message
		return
	}
	for i := n; !isCall || i <= steps; i++ {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(s.pause):
		}
		if breaks && i == n+2 {
			panic(http.ErrAbortHandler) // breaks the connection
		}
		data := fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"entry %d"}}`, i)
		if isCall {
			data = fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":%d,"total":%d}}`, i, steps)
		}
		if !send(i, data) {
			return
		}
	}
	send(steps+1, fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, name, text(fmt.Sprintf("counted to %d", steps))))
}
