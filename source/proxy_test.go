package source_test

import (
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A tcpProxy forwards connections to a server until it forgets them: then they carry
// nothing and are not closed, as behind a NAT or a load balancer that has lost its table.
// New ones work.
type tcpProxy struct {
	listener net.Listener
	target   string
	serving  sync.WaitGroup

	mu       sync.Mutex
	conns    []net.Conn
	accepted int
	closed   bool
	forgot   chan struct{} // closed when the current connections are forgotten
}

// startTCPProxy starts a proxy for server, which is closed when the test ends.
func startTCPProxy(t *testing.T, server *httptest.Server) *tcpProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &tcpProxy{listener: listener, target: server.Listener.Addr().String(), forgot: make(chan struct{})}
	p.serving.Go(p.serve)
	t.Cleanup(p.close)
	return p
}

// url returns the URL of server at the address of the proxy.
func (p *tcpProxy) url(server *httptest.Server) string {
	return strings.Replace(server.URL, p.target, p.listener.Addr().String(), 1)
}

// forget silences all current connections.
func (p *tcpProxy) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.forgot)
	p.forgot = make(chan struct{})
}

// connections returns how many connections the proxy has accepted.
func (p *tcpProxy) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

func (p *tcpProxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
}

func (p *tcpProxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.accepted++
		p.conns = append(p.conns, client, server)
		forgot := p.forgot
		if p.closed {
			_, _ = client.Close(), server.Close()
		}
		p.mu.Unlock()
		p.serving.Go(func() { forward(server, client, forgot) })
		p.serving.Go(func() { forward(client, server, forgot) })
	}
}

// forward copies from src to dst until forgot is closed, and then discards everything.
func forward(dst, src net.Conn, forgot <-chan struct{}) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		select {
		case <-forgot:
			_, _ = io.Copy(io.Discard, src)
			return
		default:
		}
		if n > 0 {
			_, _ = dst.Write(buf[:n])
		}
		if err != nil {
			_ = dst.Close()
			return
		}
	}
}
