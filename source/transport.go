package source

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse/internal/clock"
)

const (
	// pingAfter is how long an HTTP/2 connection of the default client may be silent
	// before the client pings the server, and pingTimeout how long the answer may take.
	pingAfter   = 15 * time.Second
	pingTimeout = 15 * time.Second

	// maxNewConnections is how many connections one request may open. Each time a server
	// answers a request with GOAWAY, net/http opens another without a pause.
	maxNewConnections = 3

	// maxAbandoned is how many abandoned connections the streams of a client remember.
	maxAbandoned = 32

	// maxEvictions is how often an abandoned connection is removed from its pool before it
	// is closed; evictionTimeout is how long one removal may take.
	maxEvictions    = 2
	evictionTimeout = 250 * time.Millisecond
	// maxTries limits a request to which the pool offers only abandoned connections.
	maxTries = 10
)

// errTooManyConnections means that net/http would retry the request without a pause.
var errTooManyConnections = fmt.Errorf("the server refused the request on %d new connections in a row, as with an HTTP/2 GOAWAY", maxNewConnections)

// An abandonedConnError means that the pool offered an abandoned connection. Nothing was
// sent on it.
type abandonedConnError struct {
	conn      net.Conn
	evictions int // of conn so far
}

func (*abandonedConnError) Error() string {
	return "the HTTP client offers only connections that were abandoned"
}

// A transport sends the requests of one stream through the caller's RoundTripper. Unlike
// [net/http] by itself, it sends no request on an abandoned connection, and lets one
// request open only a few connections.
//
// It learns of connections from [httptrace], so it works with every RoundTripper that
// passes the request's context to an [http.Transport] or to a transport of
// golang.org/x/net/http2. With others it does nothing.
type transport struct {
	base      http.RoundTripper
	abandoned *abandonedConns

	mu   sync.Mutex
	conn net.Conn // of the latest request, nil while it has none
}

// newTransport returns a transport for base; nil means the default transport.
func newTransport(base http.RoundTripper, abandoned *abandonedConns) *transport {
	if base == nil {
		base = defaultTransport()
	}
	return &transport{base: base, abandoned: abandoned}
}

// abandon keeps later requests away from the connection of the latest one.
func (t *transport) abandon() {
	if conn := t.setConn(nil); conn != nil && mayBeShared(conn) {
		t.abandoned.add(conn)
	}
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	t.setConn(nil)
	next := req
	for n := range maxTries {
		resp, err := t.try(next)
		offered, isAbandoned := err.(*abandonedConnError) //nolint:errorlint // try returns it unwrapped
		if !isAbandoned {
			if err == nil {
				resp.Request = req
			}
			return resp, err
		}
		switch {
		case n < maxEvictions:
			t.abandoned.evict(offered, func() { t.evict(req) })
		case n > maxEvictions:
			closeNow(offered.conn)
			clock.Sleep(req.Context(), time.Millisecond<<n) // until the pool has noticed
		}
		var ok bool
		if next, ok = rewind(req); !ok { // the next attempt has a new body
			if offered.evictions >= maxEvictions {
				closeNow(offered.conn)
			}
			return nil, err
		}
		// For a request with Close set, an http2.Transport of golang.org/x/net dials.
		next.Close = next.Close || n == maxEvictions
	}
	return nil, &abandonedConnError{}
}

// try sends req, unless the pool offers an abandoned connection.
func (t *transport) try(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	var opened atomic.Int32 // connections
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) {
			if opened.Load() >= maxNewConnections {
				cancel(errTooManyConnections)
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			if evictions, has := t.abandoned.has(info.Conn); has {
				cancel(&abandonedConnError{info.Conn, evictions})
				return
			}
			if !info.Reused {
				opened.Add(1)
			}
			t.setConn(info.Conn)
		},
	})
	resp, err := t.base.RoundTrip(req.WithContext(ctx))
	// Nothing else cancels ctx before its parent: it lives as long as the body.
	cause := context.Cause(ctx)
	if _, isAbandoned := cause.(*abandonedConnError); isAbandoned || cause == errTooManyConnections { //nolint:errorlint // unwrapped
		if err == nil { // the RoundTripper ignores contexts
			_ = resp.Body.Close()
		}
		return nil, cause
	}
	if err != nil {
		cancel(nil)
		return nil, err
	}
	return resp, nil
}

// traceSending returns a context for a request, and a function that reports whether the
// request, which has failed with err, may have been sent. A RoundTripper that does not
// support net/http/httptrace may have sent it, and so may a protocol that is registered on
// an [http.Transport].
func (t *transport) traceSending(ctx context.Context) (traced context.Context, wasSent func(*http.Request, error) bool) {
	var supported, sent atomic.Bool
	traced = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { supported.Store(true) },
		WroteHeaders: func() { sent.Store(true) },
	})
	return traced, func(req *http.Request, err error) bool {
		return sent.Load() || !supported.Load() && !t.isProxyError(req, err)
	}
}

// isProxyError reports whether err is what the proxy function of an [http.Transport] returns
// for req. The Transport calls that function before it asks for a connection, so httptrace
// does not show that nothing was sent.
func (t *transport) isProxyError(req *http.Request, err error) bool {
	base, ok := t.base.(*http.Transport)
	if !ok || base.Proxy == nil {
		return false
	}
	_, again := base.Proxy(req) // http.ProxyFromEnvironment makes a new error each time
	return again != nil && again.Error() == err.Error()
}

// evict removes from the pool the abandoned connection that the pool offers to req. Other
// streams on the connection continue.
//
// net/http has no function for this. But once a connection has been given a request with
// Request.Close set, net/http gives it no other, and it decides that before it looks at the
// host: so a request with an impossible host evicts the connection and is not sent. If the
// user's RoundTripper sets the host, a HEAD does no harm.
func (t *transport) evict(req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), evictionTimeout)
	defer cancel()
	probe := req.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// Another request has evicted it: this one must not go out on another connection.
		GotConn: func(info httptrace.GotConnInfo) {
			if _, has := t.abandoned.has(info.Conn); !has {
				cancel()
			}
		},
		DNSStart:          func(httptrace.DNSStartInfo) { cancel() },
		ConnectStart:      func(string, string) { cancel() },
		TLSHandshakeStart: cancel,
	}))
	probe.Method, probe.Body, probe.GetBody, probe.ContentLength = http.MethodHead, nil, nil, 0
	probe.Close = true
	probe.Host = "\x00"
	if resp, err := t.base.RoundTrip(probe); err == nil {
		_ = resp.Body.Close()
	}
}

// setConn sets the connection of the latest request and returns the previous one.
func (t *transport) setConn(conn net.Conn) (before net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, t.conn = t.conn, conn
	return before
}

// rewind returns a copy of req whose body can be sent again. A body that WithPrepare has set
// cannot: ok is false.
func rewind(req *http.Request) (again *http.Request, ok bool) {
	again = new(http.Request)
	*again = *req
	if req.Body == nil || req.Body == http.NoBody {
		return again, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	again.Body = body
	return again, err == nil
}

// abandonedConns are the latest connections that the streams of a client have abandoned and
// that a pool may still offer.
type abandonedConns struct {
	evicting sync.Mutex

	mu    sync.Mutex
	conns []abandonedConn
}

type abandonedConn struct {
	net.Conn

	evictions int
}

// add remembers a connection.
func (a *abandonedConns) add(conn net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.index(conn) >= 0 || !reflect.ValueOf(conn).Comparable() {
		return
	}
	if len(a.conns) == maxAbandoned {
		a.conns = slices.Delete(a.conns, 0, 1)
	}
	a.conns = append(a.conns, abandonedConn{Conn: conn})
}

// has reports whether conn was abandoned, and how often it was evicted.
func (a *abandonedConns) has(conn net.Conn) (evictions int, has bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i := a.index(conn); i >= 0 {
		return a.conns[i].evictions, true
	}
	return 0, false
}

// evict calls f for a connection that was offered, unless another stream has evicted the
// connection since.
func (a *abandonedConns) evict(offered *abandonedConnError, f func()) {
	a.evicting.Lock()
	defer a.evicting.Unlock()
	if evictions, has := a.has(offered.conn); !has || evictions != offered.evictions {
		return
	}
	f()
	a.mu.Lock()
	defer a.mu.Unlock()
	if i := a.index(offered.conn); i >= 0 {
		a.conns[i].evictions++
	}
}

func (a *abandonedConns) index(conn net.Conn) int {
	if conn == nil || !reflect.ValueOf(conn).Comparable() {
		return -1
	}
	return slices.IndexFunc(a.conns, func(c abandonedConn) bool { return c.Conn == conn })
}

// closeNow closes a connection without notifying the peer: [tls.Conn.Close] would wait for
// a dead one.
func closeNow(conn net.Conn) {
	if c, ok := conn.(*tls.Conn); ok {
		conn = c.NetConn()
	}
	_ = conn.Close()
}

// mayBeShared reports whether a connection may carry several requests at once. net/http
// closes other connections when a request is cancelled.
func mayBeShared(conn net.Conn) bool {
	c, ok := conn.(*tls.Conn)
	return !ok || c.ConnectionState().NegotiatedProtocol == "h2"
}

// defaultTransports holds the default transport and its original.
var defaultTransports struct { //nolint:gochecknoglobals // streams share their connections
	sync.Mutex //nolint:embeddedstructfieldcheck // the struct has no type of its own

	from, made *http.Transport
}

// defaultTransport returns the transport of clients without their own: a copy of
// [http.DefaultTransport] that pings silent HTTP/2 connections. If the program has set a
// RoundTripper of another type, it is used unchanged.
func defaultTransport() http.RoundTripper {
	from, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	d := &defaultTransports
	d.Lock()
	defer d.Unlock()
	if d.from != from {
		d.from, d.made = from, withPings(from)
	}
	return d.made
}

// withPings returns a copy of a transport that pings silent HTTP/2 connections and closes
// those that do not answer.
func withPings(from *http.Transport) *http.Transport {
	t := from.Clone()
	if t.HTTP2 == nil {
		t.HTTP2 = new(http.HTTP2Config)
	}
	if t.HTTP2.SendPingTimeout == 0 {
		t.HTTP2.SendPingTimeout, t.HTTP2.PingTimeout = pingAfter, pingTimeout
	}
	return t
}
