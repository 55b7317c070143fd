package source

import (
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A stubbornPool is a RoundTripper that offers the same connection until it is closed,
// unlike net/http.
type stubbornPool struct {
	conn   *closeCounter
	always bool // even then
	// dialing offers another connection for a request that closes its own, as an
	// http2.Transport of golang.org/x/net does.
	dialing bool
	// silent does not answer a HEAD.
	silent bool
	// ignoring sends the request although its context was cancelled.
	ignoring bool

	offers int
	sent   []string // the bodies of the requests that were sent
	bodies []*closeCounter
}

type closeCounter struct {
	net.Conn // nil: it is never used

	closed int
}

func (c *closeCounter) Close() error           { c.closed++; return nil }
func (*closeCounter) Read([]byte) (int, error) { return 0, io.EOF }

func (p *stubbornPool) RoundTrip(req *http.Request) (*http.Response, error) {
	conn := p.conn
	if conn.closed > 0 && !p.always || p.dialing && req.Close && req.Method != http.MethodHead {
		conn = &closeCounter{}
	}
	p.offers++
	httptrace.ContextClientTrace(req.Context()).GotConn(httptrace.GotConnInfo{Conn: conn, Reused: true})
	if err := req.Context().Err(); err != nil && !p.ignoring {
		return nil, err
	}
	if p.silent && req.Method == http.MethodHead {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	body := ""
	if req.Body != nil {
		text, _ := io.ReadAll(req.Body)
		body = string(text)
	}
	p.sent = append(p.sent, req.Method+" "+body)
	response := &closeCounter{}
	p.bodies = append(p.bodies, response)
	return &http.Response{StatusCode: http.StatusOK, Body: response, Request: req}, nil
}

// An abandoned connection that cannot be evicted from its pool is closed.
func TestConnectionThatCannotBeEvicted(t *testing.T) {
	for name, c := range map[string]struct {
		pool *stubbornPool
		want []string // what is sent, an eviction's HEAD included
		err  bool
		kept bool // the abandoned connection stays open for the streams that it carries
		took time.Duration
	}{
		"it gives way once it is closed":                       {&stubbornPool{}, []string{"HEAD ", "HEAD ", "POST question"}, false, false, 8 * time.Millisecond},
		"it never gives way":                                   {&stubbornPool{always: true}, []string{"HEAD ", "HEAD "}, true, false, 1016 * time.Millisecond}, // 8 + 16 + … + 512
		"its evictions hang":                                   {&stubbornPool{silent: true}, []string{"POST question"}, false, false, 508 * time.Millisecond},  // 2 × 250 + 8
		"it gives way to a request that closes its connection": {&stubbornPool{dialing: true}, []string{"HEAD ", "HEAD ", "POST question"}, false, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := c.pool
				pool.conn = &closeCounter{}
				transport := newTransport(pool, new(abandonedConns))
				first, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://host/", strings.NewReader("question"))
				require.NoError(t, err)
				_, err = transport.RoundTrip(first)
				require.NoError(t, err)
				transport.abandon()
				pool.sent = nil

				start := time.Now()
				resp, err := transport.RoundTrip(first)
				assert.Equal(t, c.want, pool.sent)
				assert.LessOrEqual(t, pool.offers, 1+maxTries+maxEvictions)
				assert.Equal(t, c.kept, pool.conn.closed == 0)
				assert.Equal(t, c.took, time.Since(start))
				if c.err {
					require.ErrorContains(t, err, "abandoned")
					assert.True(t, (&Error{Err: err}).Temporary())
					return
				}
				require.NoError(t, err)
				assert.Same(t, first, resp.Request)
			})
		})
	}
}

type tripFunc func(*http.Request) (*http.Response, error)

func (f tripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// The request that evicts a connection uses no other one, and no server would accept it.
func TestEvictionUsesNoOtherConnection(t *testing.T) {
	abandoned := &closeCounter{}
	for name, c := range map[string]struct {
		begin func(*httptrace.ClientTrace)
		ends  bool
	}{
		"the abandoned connection": {func(t *httptrace.ClientTrace) { t.GotConn(httptrace.GotConnInfo{Conn: abandoned}) }, false},
		"another connection":       {func(t *httptrace.ClientTrace) { t.GotConn(httptrace.GotConnInfo{Conn: &closeCounter{}}) }, true},
		"a look-up":                {func(t *httptrace.ClientTrace) { t.DNSStart(httptrace.DNSStartInfo{}) }, true},
		"a new connection":         {func(t *httptrace.ClientTrace) { t.ConnectStart("tcp", "host:80") }, true},
		"a TLS handshake":          {func(t *httptrace.ClientTrace) { t.TLSHandshakeStart() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			response := &closeCounter{}
			transport := newTransport(tripFunc(func(req *http.Request) (*http.Response, error) {
				c.begin(httptrace.ContextClientTrace(req.Context()))
				assert.Equal(t, c.ends, req.Context().Err() != nil)
				assert.True(t, req.Close, "this is what evicts")
				assert.Equal(t, "HEAD \x00", req.Method+" "+req.Host)
				assert.Nil(t, req.Body)
				return &http.Response{Body: response}, nil
			}), new(abandonedConns))
			transport.setConn(abandoned)
			transport.abandon()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://host/", strings.NewReader("question"))
			require.NoError(t, err)
			transport.evict(req)
			assert.Equal(t, 1, response.closed)
		})
	}
}

// A body that cannot be read again fails its attempt. The next one, which has a new body,
// finds the connection evicted or closed.
func TestAbandonedConnectionAndABodyWithoutGetBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := &stubbornPool{conn: &closeCounter{}}
		transport := newTransport(pool, new(abandonedConns))
		transport.setConn(pool.conn)
		transport.abandon()
		for range maxEvictions + 1 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://host/", io.NopCloser(strings.NewReader("question")))
			require.NoError(t, err)
			_, err = transport.RoundTrip(req)
			require.Error(t, err)
			assert.True(t, (&Error{Err: err}).Temporary(), "%v", err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://host/", io.NopCloser(strings.NewReader("question")))
		require.NoError(t, err)
		_, err = transport.RoundTrip(req)
		require.NoError(t, err)
		assert.Equal(t, "POST question", pool.sent[len(pool.sent)-1])
	})
}

// A RoundTripper that ignores contexts sends requests on the abandoned connection. Their
// responses are closed.
func TestRoundTripperThatIgnoresContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := &stubbornPool{conn: &closeCounter{}, ignoring: true}
		transport := newTransport(pool, new(abandonedConns))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://host/", nil)
		require.NoError(t, err)
		_, err = transport.RoundTrip(req)
		require.NoError(t, err)
		transport.abandon()
		_, err = transport.RoundTrip(req)
		require.NoError(t, err)
		for _, body := range pool.bodies[1 : len(pool.bodies)-1] {
			assert.Equal(t, 1, body.closed)
		}
		assert.Zero(t, pool.bodies[len(pool.bodies)-1].closed, "the response belongs to the caller")
	})
}

func TestAbandonedConnsAreBounded(t *testing.T) {
	var a abandonedConns
	conns := make([]*closeCounter, maxAbandoned+1)
	for i := range conns {
		conns[i] = &closeCounter{}
		a.add(conns[i])
		a.add(conns[i])
		assert.Len(t, a.conns, min(i+1, maxAbandoned), "each connection counts once")
	}
	assert.Len(t, a.conns, maxAbandoned)
	_, has := a.has(conns[0])
	assert.False(t, has, "the oldest is forgotten")
	_, has = a.has(conns[maxAbandoned])
	assert.True(t, has)
	_, has = a.has(nil)
	assert.False(t, has)
	type incomparable struct {
		net.Conn

		_ []int
	}
	a.add(incomparable{})
	_, has = a.has(incomparable{})
	assert.False(t, has)
}

func TestDefaultTransport(t *testing.T) {
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	first, ok := defaultTransport().(*http.Transport)
	require.True(t, ok)
	assert.NotSame(t, before, first)
	assert.Equal(t, 15*time.Second, first.HTTP2.SendPingTimeout)
	assert.Equal(t, 15*time.Second, first.HTTP2.PingTimeout)
	assert.Same(t, first, defaultTransport(), "it is made once")

	own := &http.Transport{HTTP2: &http.HTTP2Config{SendPingTimeout: 1}, MaxConnsPerHost: 7}
	http.DefaultTransport = own
	second, ok := defaultTransport().(*http.Transport)
	require.True(t, ok)
	assert.Equal(t, 7, second.MaxConnsPerHost)
	assert.EqualValues(t, 1, second.HTTP2.SendPingTimeout, "what the program has set is kept")

	other := http.NewFileTransport(http.Dir("."))
	http.DefaultTransport = other
	assert.Equal(t, other, defaultTransport())
}
