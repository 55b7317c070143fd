// Package ssetest is a scriptable server of Server-Sent Events, for tests of programs that
// consume them:
//
//	server := ssetest.NewMemoryServer(func(c *ssetest.Conn) {
//		c.Send(codec.Event{ID: "1", Data: "one"})
//		c.Sleep(time.Minute)
//		c.Raw("id: 2\ndata: tw")
//		c.Drop()
//	})
//	defer server.Close()
//	events := source.SSE(server.URL(), source.WithHTTPClient(server.Client()))
//
// A script is a function that plays one connection: it is called for each request, and its
// return ends the response cleanly. It need not check for errors: when the client has left
// or the server is closed, the next call on its [Conn] ends the script with a panic, from
// which the server recovers.
//
// [NewServer] listens on loopback. [NewMemoryServer] uses an in-memory network, which works
// inside a [testing/synctest] bubble, where sleeping takes no time and every run is the
// same. [Replay] is a script for the most common case: a server that keeps its events and
// honors Last-Event-ID, on a network that breaks.
package ssetest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Server plays a script to each client that connects.
type Server struct {
	script  func(*Conn)
	url     string
	client  *http.Client
	http    http.Server
	served  chan struct{}  // closed when the server stops accepting
	running sync.WaitGroup // connections and scripts
	once    sync.Once

	mu       sync.Mutex
	requests []Request
	playing  int
	fault    *fault
}

// NewServer starts a server on a loopback port. The caller must close it. NewServer panics
// if it cannot listen.
func NewServer(script func(*Conn)) *Server {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait
	if err != nil {
		panic(fmt.Sprintf("ssetest: NewServer: %v", err))
	}
	return start(script, listener, (&net.Dialer{}).DialContext)
}

// NewMemoryServer starts a server on an in-memory network that only the server's own
// [Server.Client] can reach; for that client, every host is this server. Inside a
// [testing/synctest] bubble, use it instead of [NewServer], and start and close it in the
// bubble.
//
// Its connections behave like TCP: they buffer 64 KiB in each direction, deliver everything
// sent before a close, and distinguish a close from a reset.
func NewMemoryServer(script func(*Conn)) *Server {
	network := newMemory()
	return start(script, network, network.dial)
}

func start(script func(*Conn), listener net.Listener, dial func(ctx context.Context, network, addr string) (net.Conn, error)) *Server {
	s := &Server{
		script: script,
		url:    "http://" + listener.Addr().String(),
		client: &http.Client{Transport: &http.Transport{DialContext: dial}},
		served: make(chan struct{}),
	}
	s.http = http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ConnState:         s.count,
		ReadHeaderTimeout: time.Minute,
	}
	// Close ends this goroutine and waits for it.
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener)
	}()
	return s
}

// count makes Close wait for open connections.
func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.running.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.running.Done()
	default:
	}
}

// URL returns the address of the server, without a path.
func (s *Server) URL() string { return s.url }

// Client returns an HTTP client that can reach the server.
func (s *Server) Client() *http.Client { return s.client }

// Requests returns the requests so far, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Playing returns the number of connections whose script is running.
func (s *Server) Playing() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.playing
}

// Close drops all connections, which ends their scripts, and waits for the scripts; a
// script that waits for something else should also watch [Conn.Gone]. If a script panicked,
// Close panics with a [rxsse.PanicError]. It can be called more than once.
func (s *Server) Close() {
	s.once.Do(func() {
		_ = s.http.Close()
		<-s.served
		s.running.Wait()
		s.client.CloseIdleConnections()
		if s.fault != nil && s.fault.panicked != nil {
			panic(s.fault.panicked)
		}
	})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.running.Add(1) // in addition to the connection, which may be hijacked
	defer s.running.Done()
	c := &Conn{Request: newRequest(r), w: w, control: http.NewResponseController(w), gone: r.Context().Done()}

	s.mu.Lock()
	s.requests = append(s.requests, c.Request)
	c.N = len(s.requests)
	s.playing++
	earlier := s.fault
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.playing--
		s.mu.Unlock()
	}()

	if earlier != nil {
		earlier.answer(w)
		return
	}
	s.play(c)
}
