// Package ssetest is a scriptable server of Server-Sent Events, for tests of
// programs that consume them:
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
// A script is a function that plays one connection: it is called for each request
// and returns to end the response in an orderly way. It need not check for errors:
// when the client has left or the server is closed, the next call on its [Conn]
// ends the script, by a panic that the server takes for what it is.
//
// [NewServer] listens on loopback. [NewMemoryServer] has a network of its own in
// memory, which works inside a [testing/synctest] bubble: there sleeping costs
// nothing, and every run is the same. [Replay] is a ready-made script for the
// commonest need: a server that keeps its events and honours Last-Event-ID, on a
// network that breaks.
package ssetest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// A Server plays a script to each client that connects.
type Server struct {
	script  func(*Conn)
	http    *httptest.Server
	closing chan struct{}
	once    sync.Once

	mu       sync.Mutex
	requests []Request
	playing  int
}

// A Request is what the log keeps of one request.
type Request struct {
	// Time is when the request arrived.
	Time   time.Time
	Method string
	// URL is the path and the query.
	URL    string
	Header http.Header
	// LastEventID is the value of the Last-Event-ID header. HasLastEventID tells
	// a header with an empty value from none.
	LastEventID    string
	HasLastEventID bool
	// Body is the request's body, up to a megabyte of it.
	Body []byte
	// ContentLength is that of the request, -1 if it was unknown.
	ContentLength int64
}

// NewServer starts a server on a loopback port. The caller closes it.
func NewServer(script func(*Conn)) *Server {
	s := newServer(script)
	s.http.Start()
	return s
}

// NewMemoryServer starts a server on a network in memory, which nothing but the
// server's own [Server.Client] can reach. Inside a [testing/synctest] bubble, use
// it instead of [NewServer], start it there, and close it there too. Its
// connections hold no data between the two ends: a write returns once the other
// end has read it.
func NewMemoryServer(script func(*Conn)) *Server {
	network := newMemory()
	s := newServer(script)
	_ = s.http.Listener.Close()
	s.http.Listener = network
	s.http.Start()
	s.http.Client().Transport = &http.Transport{DialContext: network.dial, ForceAttemptHTTP2: false}
	return s
}

func newServer(script func(*Conn)) *Server {
	s := &Server{script: script, closing: make(chan struct{})}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	return s
}

// URL returns the address of the server, without a path.
func (s *Server) URL() string { return s.http.URL }

// Client returns an HTTP client that can reach the server.
func (s *Server) Client() *http.Client { return s.http.Client() }

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

// Close ends all scripts, breaks all connections, and waits until they are gone.
// It may be called more than once.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.closing)
		s.http.CloseClientConnections()
		s.http.Close()
		s.http.Client().CloseIdleConnections()
	})
}

const maxLoggedBody = 1 << 20

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxLoggedBody))
	ids, hasID := r.Header["Last-Event-Id"]
	request := Request{
		Time:           time.Now(),
		Method:         r.Method,
		URL:            r.URL.String(),
		Header:         r.Header.Clone(),
		HasLastEventID: hasID,
		Body:           body,
		ContentLength:  r.ContentLength,
	}
	if hasID {
		request.LastEventID = ids[0]
	}

	s.mu.Lock()
	s.requests = append(s.requests, request)
	s.playing++
	c := &Conn{
		Request: request, N: len(s.requests),
		w: w, control: http.NewResponseController(w), gone: r.Context().Done(), closing: s.closing,
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.playing--
		s.mu.Unlock()
	}()
	s.play(c)
}

// play runs the script to the end of the response. A broken connection ends both
// with [http.ErrAbortHandler], which is for net/http to handle.
func (s *Server) play(c *Conn) {
	defer func() {
		if v := recover(); v != nil && v != errAnswered { //nolint:errorlint // it is a sentinel that nobody wraps
			panic(v)
		}
	}()
	s.script(c)
	c.Open()
}

// memory is a network in memory: a listener, and the way to dial it.
type memory struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemory() *memory {
	return &memory{accept: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next connection.
func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.accept:
		return conn, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

// Close makes Accept and dial fail.
func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

// Addr returns an address that no real network has.
func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
