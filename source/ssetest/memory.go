package ssetest

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// memory is a network in memory with one listener, which every address leads to.
type memory struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemory() *memory {
	return &memory{accept: make(chan net.Conn), closed: make(chan struct{})}
}

// memoryAddr is an address on that network.
type memoryAddr string

func (memoryAddr) Network() string  { return "memory" }
func (a memoryAddr) String() string { return string(a) }

// No real network has the server's host (RFC 6761 §6.2), so a client other than the
// server's own reaches nothing.
const (
	serverAddr = memoryAddr("ssetest.test")
	clientAddr = memoryAddr("client.test")
)

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

func (m *memory) Addr() net.Addr { return serverAddr }

// dial connects to the listener whatever the address, so a test can have the server
// redirect to other hosts and still see the requests.
func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := newPipe(clientAddr, serverAddr)
	select {
	case m.accept <- server:
		return client, nil
	case <-m.closed:
		return nil, &net.OpError{Op: "dial", Net: serverAddr.Network(), Addr: serverAddr, Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
