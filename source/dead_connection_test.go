package source_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/source"
)

// idle is the idle timeout of these tests, far above the server's interval.
const idle = 500 * time.Millisecond

// A countingServer sends the numbers after the Last-Event-ID, one every five milliseconds.
type countingServer struct {
	*httptest.Server

	mu    sync.Mutex
	conns map[string][]string // the client's addresses, by path, one for each request
}

// startCountingServer starts a server with TLS that is closed when the test ends.
func startCountingServer(t *testing.T, http2 bool) *countingServer {
	t.Helper()
	s := &countingServer{conns: map[string][]string{}}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.count))
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *countingServer) count(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.conns[r.URL.Path] = append(s.conns[r.URL.Path], r.RemoteAddr)
	s.mu.Unlock()
	if body, _ := io.ReadAll(r.Body); len(body) > 0 {
		w.Header().Set("X-Body", string(body))
	}
	w.Header().Set("Content-Type", "text/event-stream")
	n, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		n++
		_, _ = fmt.Fprintf(w, "id: %d\ndata: %d\n\n", n, n)
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ticker.C:
		}
	}
}

// addresses returns the client's address in each request for path.
func (s *countingServer) addresses(path string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.conns[path]...)
}

// clients are the HTTP clients that a user may have, each of which trusts the server.
var clients = map[string]func(t *testing.T, server *countingServer) *http.Client{
	"the default client": func(t *testing.T, server *countingServer) *http.Client {
		t.Helper()
		before := http.DefaultTransport
		http.DefaultTransport = trusting(t, server)
		t.Cleanup(func() { http.DefaultTransport = before })
		return nil
	},
	"an http.Transport of the user": func(t *testing.T, server *countingServer) *http.Client {
		t.Helper()
		return &http.Client{Transport: trusting(t, server)}
	},
	"a RoundTripper of the user": func(t *testing.T, server *countingServer) *http.Client {
		t.Helper()
		transport := trusting(t, server)
		return &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			req = req.Clone(req.Context())
			req.Header.Set("Authorization", "Bearer secret")
			return transport.RoundTrip(req)
		})}
	},
}

func trusting(t *testing.T, server *countingServer) *http.Transport {
	t.Helper()
	transport, ok := server.Client().Transport.(*http.Transport)
	require.True(t, ok)
	transport = transport.Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// When connections fall silent, the streams on them come back within the idle timeout, on
// other connections, and nothing is lost.
func TestDeadConnection(t *testing.T) {
	for name, newClient := range clients {
		for _, http2 := range []bool{false, true} {
			for _, streams := range []int{1, 20} {
				t.Run(fmt.Sprintf("%s, HTTP2 %t, %d streams", name, http2, streams), func(t *testing.T) {
					testDeadConnection(t, newClient, http2, streams)
				})
			}
		}
	}
}

func testDeadConnection(t *testing.T, newClient func(*testing.T, *countingServer) *http.Client, http2 bool, streams int) {
	server := startCountingServer(t, http2)
	proxy := startTCPProxy(t, server.Server)
	opts := []source.Option{soon(), source.WithIdleTimeout(idle)}
	if own := newClient(t, server); own != nil {
		opts = append(opts, source.WithHTTPClient(own))
	}
	client := source.NewClient(opts...)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var consuming, before sync.WaitGroup
	forgotten := make(chan struct{})
	back := make([]time.Time, streams) // when each had an event from its new connection
	for i := range streams {
		path := fmt.Sprint("/", i)
		started := make(chan struct{})
		before.Add(1)
		consuming.Go(func() {
			n := 0
			for e, err := range client.Observe(proxy.url(server.Server) + path)(ctx) {
				if !assert.NoError(t, err) {
					return
				}
				n++
				assert.Equal(t, strconv.Itoa(n), e.ID, "nothing is lost and nothing comes twice")
				switch {
				case n == 1:
					close(started)
				case n == 5:
					before.Done()
					<-forgotten
				case n > 5 && len(server.addresses(path)) > 1:
					back[i] = time.Now()
					return
				}
			}
		})
		<-started // later streams find the connection
	}
	before.Wait()
	if http2 {
		require.Equal(t, 1, proxy.connections(), "the streams share a connection")
	}
	proxy.forget()
	since := time.Now()
	close(forgotten)
	consuming.Wait()
	for i, at := range back {
		t.Logf("stream %d is back after %v", i, at.Sub(since))
		// The rest is for slow machines. Pings play no part.
		assert.Less(t, at.Sub(since), idle+10*time.Second)
	}
}

// Reconnect leaves the connection, even if it is alive and other streams use it. They
// keep it.
func TestReconnectLeavesTheConnection(t *testing.T) {
	for name, newClient := range clients {
		t.Run(name, func(t *testing.T) {
			server := startCountingServer(t, true)
			client := source.NewClient(soon(), source.WithHTTPClient(newClient(t, server)))
			open := func(path string) *source.Session {
				s, err := client.Open(t.Context(), server.URL+path)
				require.NoError(t, err)
				t.Cleanup(func() { _ = s.Close() })
				return s
			}
			stay, leave := open("/stay"), open("/leave")
			old := server.addresses("/stay")[0]
			n := 0
			for requests := 1; requests <= 5; requests++ {
				leave.Reconnect()
				for len(server.addresses("/leave")) == requests { // events received before come first
					n++
					assert.Equal(t, strconv.Itoa(n), take(t, leave, 1))
				}
			}
			addresses := server.addresses("/leave")
			require.Len(t, addresses, 6)
			assert.Equal(t, old, addresses[0])
			for i := range addresses[1:] {
				assert.NotEqual(t, addresses[i], addresses[i+1], "the next attempt")
			}
			assert.Equal(t, "1 2 3", take(t, stay, 3))
			assert.Equal(t, []string{old}, server.addresses("/stay"), "it is not disturbed")
		})
	}
}

// Reconnect during a wait leaves the connection of the attempt before.
func TestReconnectDuringAWaitLeavesTheConnection(t *testing.T) {
	var mu sync.Mutex
	var addresses []string
	server := newHTTP2Server(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		addresses = append(addresses, r.RemoteAddr)
		sendNumbered(w, len(addresses)-1, len(addresses))
	})
	waiting := make(chan struct{}, 1)
	session, err := source.NewClient(source.WithHTTPClient(server.Client()), source.WithReconnectionTime(time.Hour),
		source.WithTrace(&source.Trace{Waiting: func(source.Attempt, time.Duration) { waiting <- struct{}{} }})).Open(t.Context(), server.URL)
	require.NoError(t, err)
	defer session.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-waiting
		session.Reconnect()
	}()
	assert.Equal(t, "event 1 event 2", take(t, session, 2))
	<-done
	require.Len(t, addresses, 2)
	assert.NotEqual(t, addresses[0], addresses[1])
}

// A request with a body is sent whole on another connection when the first one is dead.
func TestConnectTimeoutOnADeadConnection(t *testing.T) {
	for name, newClient := range clients {
		t.Run(name, func(t *testing.T) {
			server := startCountingServer(t, true)
			proxy := startTCPProxy(t, server.Server)
			client := source.NewClient(soon(), source.WithHTTPClient(newClient(t, server)), source.WithConnectTimeout(idle))
			other, err := client.Open(t.Context(), proxy.url(server.Server)+"/other")
			require.NoError(t, err)
			defer other.Close()
			proxy.forget()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, proxy.url(server.Server)+"/post", strings.NewReader("a question"))
			require.NoError(t, err)
			var attempts, opened atomic.Int32
			trace := &source.Trace{
				Connecting: func(source.Attempt) { attempts.Add(1) },
				Open: func(_ source.Attempt, resp *http.Response) {
					opened.Add(1)
					assert.Equal(t, "a question", resp.Header.Get("X-Body"))
				},
			}
			for e, err := range client.ObserveRequest(req, source.WithReconnect(source.ReconnectAlways), source.WithTrace(trace))(t.Context()) {
				require.NoError(t, err)
				assert.Equal(t, "1", e.Data)
				break
			}
			assert.EqualValues(t, 2, attempts.Load())
			assert.EqualValues(t, 1, opened.Load())
			assert.Equal(t, 2, proxy.connections())
		})
	}
}

// Without an idle timeout, pings detect that an HTTP/2 connection is dead, even while the
// stream waits for a header.
func TestPings(t *testing.T) {
	server := startCountingServer(t, true)
	proxy := startTCPProxy(t, server.Server)
	transport := trusting(t, server)
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: idle, PingTimeout: idle}
	before := http.DefaultTransport
	http.DefaultTransport = transport
	defer func() { http.DefaultTransport = before }()
	client := source.NewClient(soon())
	session, err := client.Open(t.Context(), proxy.url(server.Server)+"/open")
	require.NoError(t, err)
	defer session.Close()
	assert.Equal(t, "1", take(t, session, 1))
	proxy.forget()
	start := time.Now()
	waiting, err := client.Open(t.Context(), proxy.url(server.Server)+"/waiting")
	if err == nil {
		defer waiting.Close()
	}
	require.ErrorContains(t, err, "connection lost", "Open makes one attempt")
	assert.Equal(t, 60, len(strings.Fields(take(t, session, 60))))
	assert.Less(t, time.Since(start), 2*idle+5*time.Second)
	assert.Equal(t, 2, proxy.connections())
}

// A server that refuses each request with GOAWAY gets a few connections for an attempt,
// and then the next attempt after a wait. It has not processed the request, so a POST is
// sent again, too.
func TestGoAwayForEachRequest(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			var connections atomic.Int32
			server := startRawHTTP2(t, func(conn *rawHTTP2) {
				connections.Add(1)
				conn.goAway(0, 0)
				conn.wait()
			})
			req, err := http.NewRequestWithContext(t.Context(), method, server.url, strings.NewReader("a question"))
			require.NoError(t, err)
			start := time.Now()
			var failure *source.Error
			for _, err := range source.NewClient(source.WithHTTPClient(server.client), soon()).ObserveRequest(req, source.WithMaxAttempts(3))(t.Context()) {
				require.ErrorAs(t, err, &failure)
			}
			require.NotNil(t, failure)
			assert.ErrorContains(t, failure, "GOAWAY")
			assert.Equal(t, 3, failure.Attempts)
			assert.LessOrEqual(t, connections.Load(), int32(3*4), "three for each attempt, and one more if its dial has begun")
			assert.GreaterOrEqual(t, time.Since(start), 200*time.Millisecond, "two waits")
		})
	}
}
