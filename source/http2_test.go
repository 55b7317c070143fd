package source_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// soon makes the waits of tests in real time short, even after attempts that fail because
// the machine is busy.
func soon() source.Option { return source.WithBackoff(source.Backoff{First: 1, Growth: 1}) }

// newHTTP2Server starts a server that speaks HTTP/2 over TLS, and is closed when the
// test ends.
func newHTTP2Server(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func sendNumbered(w http.ResponseWriter, from, to int) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, e := range numbered(to)[from:] {
		_, _ = io.WriteString(w, e.String())
	}
	_ = http.NewResponseController(w).Flush()
}

// Many streams share one connection independently: the server sees each one leave, and the
// others continue.
func TestHTTP2(t *testing.T) {
	var open atomic.Int64
	left := make(chan string, 10)
	server := newHTTP2Server(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "HTTP/2.0", r.Proto)
		open.Add(1)
		sendNumbered(w, 0, 2)
		<-r.Context().Done()
		open.Add(-1)
		left <- r.URL.Path
	})
	client := source.NewClient(source.WithHTTPClient(server.Client()), source.WithTrace(&source.Trace{Open: func(_ source.Attempt, resp *http.Response) {
		assert.Equal(t, 2, resp.ProtoMajor)
	}}))
	stay, err := client.Open(t.Context(), server.URL+"/stay")
	require.NoError(t, err)
	defer stay.Close()
	for range 5 {
		events, err := sink.Collect(t.Context(), operators.Take(client.Observe(server.URL+"/leave"), 2))
		require.NoError(t, err)
		assert.Equal(t, numbered(2), events)
		assert.Equal(t, "/leave", <-left, "the server sees the stream end")
	}
	assert.Equal(t, "event 1 event 2", take(t, stay, 2))
	assert.EqualValues(t, 1, open.Load())
}

// A server that shuts down sends GOAWAY and lets its streams end; the stream then continues
// on a new connection.
func TestHTTP2GracefulGoAway(t *testing.T) {
	var requests atomic.Int64
	server := newHTTP2Server(t, func(w http.ResponseWriter, r *http.Request) {
		switch requests.Add(1) {
		case 1:
			w.Header().Set("Connection", "close") // makes net/http send GOAWAY
			sendNumbered(w, 0, 2)
		case 2:
			assert.Equal(t, "2", r.Header.Get("Last-Event-ID"))
			sendNumbered(w, 2, 4)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	events, err := sink.Collect(t.Context(), source.SSE(server.URL, source.WithHTTPClient(server.Client()), soon()))
	require.NoError(t, err)
	assert.Equal(t, numbered(4), events)
}

// An overloaded server sends GOAWAY with an error, and hangs up in the middle of an event.
func TestHTTP2GoAwayWithError(t *testing.T) {
	var connections atomic.Int64
	server := startRawHTTP2(t, func(conn *rawHTTP2) {
		conn.headers(http.StatusOK, "text/event-stream")
		switch connections.Add(1) {
		case 1:
			conn.data(numbered(1)[0].String() + "id: 2\ndata: ev")
			conn.goAway(1, 0xb) // ENHANCE_YOUR_CALM
		case 2:
			conn.data(numbered(2)[1].String())
			conn.goAway(0, 0) // as if it had not seen the request
		default:
			conn.data(numbered(3)[2].String())
			conn.wait()
		}
	})
	var why []error
	trace := &source.Trace{Disconnected: func(_ source.Attempt, err error) { why = append(why, err) }}
	events, err := sink.Collect(t.Context(), operators.Take(source.SSE(server.url, source.WithHTTPClient(server.client), soon(), source.WithTrace(trace)), 3))
	require.NoError(t, err)
	assert.Equal(t, numbered(3), events)
	require.Len(t, why, 2)
	assert.ErrorContains(t, why[0], "GOAWAY")
}

// An ID that the server sends but does not accept in a request ends the stream: every
// attempt would fail.
func TestHTTP2IDThatIsLargerThanTheHeaderMayBe(t *testing.T) {
	const size = 16 << 10
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "id: "+strings.Repeat("x", size)+"\ndata: event\n\n")
	}))
	server.EnableHTTP2 = true
	server.Config.MaxHeaderBytes = 4 << 10
	server.StartTLS()
	defer server.Close()
	events, err := sink.Collect(t.Context(), source.SSE(server.URL, source.WithHTTPClient(server.Client()), soon(), source.WithMaxAttempts(3)))
	assert.Len(t, events, 1)
	require.ErrorIs(t, err, source.ErrRequest)
	require.ErrorContains(t, err, "the last event ID has 16384 bytes: have the server send shorter IDs or allow a larger header")
	var failure *source.Error
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, 1, failure.Attempts)
	assert.Less(t, len(err.Error()), 1000)
}

// A certificate for another host, or of an unknown authority, is a final error: the network
// is not at fault.
func TestTLSThatIsNotToBeTrusted(t *testing.T) {
	server := newHTTP2Server(t, func(w http.ResponseWriter, _ *http.Request) { sendNumbered(w, 0, 1) })
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	trusting := func(change func(*tls.Config)) *http.Client {
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		cfg := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		change(cfg)
		transport := &http.Transport{TLSClientConfig: cfg, ForceAttemptHTTP2: true}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	for name, c := range map[string]struct {
		client *http.Client
		want   any
	}{
		"a wrong name":         {trusting(func(cfg *tls.Config) { cfg.ServerName = "wrong.test" }), new(x509.HostnameError)},
		"an unknown authority": {trusting(func(cfg *tls.Config) { cfg.RootCAs = x509.NewCertPool() }), new(x509.UnknownAuthorityError)},
		"expired":              {trusting(func(cfg *tls.Config) { cfg.Time = func() time.Time { return time.Now().AddDate(1000, 0, 0) } }), new(x509.CertificateInvalidError)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sink.Collect(t.Context(), source.SSE(server.URL, source.WithHTTPClient(c.client)))
			assert.ErrorAs(t, err, c.want)
			var failure *source.Error
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, 1, failure.Attempts)
		})
	}
	events, err := sink.Collect(t.Context(), source.SSE(server.URL, source.WithHTTPClient(trusting(func(*tls.Config) {})), source.WithReconnect(source.ReconnectNever)))
	require.NoError(t, err)
	assert.Len(t, events, 1)
}

// A rawHTTP2 is one connection of a server that writes the frames of HTTP/2 (RFC 9113) by
// hand, to do what no library would. It answers only the first request.
type rawHTTP2 struct {
	conn net.Conn
	gone chan struct{} // closed when the client has left its request
}

type rawHTTP2Server struct {
	url    string
	client *http.Client
}

func startRawHTTP2(t *testing.T, play func(*rawHTTP2)) rawHTTP2Server {
	t.Helper()
	certified := httptest.NewTLSServer(nil) // for its certificate, and a client that trusts it
	t.Cleanup(certified.Close)
	cfg := &tls.Config{Certificates: certified.TLS.Certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	require.NoError(t, err)
	var playing sync.WaitGroup
	playing.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			playing.Go(func() { serveRawHTTP2(conn, play) })
		}
	})
	transport, ok := certified.Client().Transport.(*http.Transport)
	require.True(t, ok)
	transport = transport.Clone()
	transport.ForceAttemptHTTP2 = true
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = listener.Close()
		playing.Wait()
	})
	return rawHTTP2Server{"https://" + listener.Addr().String(), &http.Client{Transport: transport}}
}

func serveRawHTTP2(conn net.Conn, play func(*rawHTTP2)) {
	defer func() { _ = conn.Close() }()
	c := &rawHTTP2{conn, make(chan struct{})}
	c.frame(4, 0, 0, nil) // SETTINGS
	requested := make(chan struct{})
	go func() { // ends with the connection
		defer close(c.gone)
		_ = c.read(func() { close(requested) })
	}()
	select {
	case <-requested:
		play(c)
	case <-c.gone:
	}
}

// read reads what the client sends, acknowledges its settings, and calls requested at its
// first request. It returns when the client has left that request.
func (c *rawHTTP2) read(requested func()) error {
	if _, err := io.CopyN(io.Discard, c.conn, int64(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return err
	}
	for seen := false; ; {
		var head [9]byte
		if _, err := io.ReadFull(c.conn, head[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, c.conn, int64(head[0])<<16|int64(head[1])<<8|int64(head[2])); err != nil {
			return err
		}
		switch kind, flags := head[3], head[4]; {
		case kind == 1 && !seen:
			seen = true
			requested()
		case kind == 3: // RST_STREAM
			return nil
		case kind == 4 && flags&1 == 0:
			c.frame(4, 1, 0, nil)
		}
	}
}

func (c *rawHTTP2) frame(kind, flags byte, stream uint32, payload []byte) {
	frame := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	frame = binary.BigEndian.AppendUint32(frame, stream)
	_, _ = c.conn.Write(append(frame, payload...))
}

// headers sends the header of the response, its fields as HPACK literals (RFC 7541 §6.2.2).
func (c *rawHTTP2) headers(status int, contentType string) {
	block := []byte{0x08, 3} // the name is entry 8 of the static table: ":status"
	block = append(block, fmt.Sprint(status)...)
	block = append(block, 0x0f, 31-15, byte(len(contentType))) // entry 31: "content-type"
	block = append(block, contentType...)
	c.frame(1, 4, 1, block)
}

func (c *rawHTTP2) data(text string) { c.frame(0, 0, 1, []byte(text)) }

// goAway sends the last stream that was processed, and the reason.
func (c *rawHTTP2) goAway(last, code uint32) {
	c.frame(7, 0, 0, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code))
}

// wait keeps the stream open until the client leaves it.
func (c *rawHTTP2) wait() { <-c.gone }
