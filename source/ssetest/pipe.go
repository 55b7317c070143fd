package ssetest

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// bufferSize is how many bytes a connection holds in each direction before its writer waits
// for its reader, about as many as socket buffers do.
const bufferSize = 64 << 10

// An end is one end of an in-memory connection. Like TCP, it buffers both directions, lets
// the peer read what was sent before a clean end, and distinguishes a clean end from a
// reset. Unlike TCP, it never joins two writes into one read, so the pieces that a script
// sends stay pieces. It waits only on [sync.Cond], which a [testing/synctest] bubble understands.
type end struct {
	in, out       *flow
	local, remote net.Addr

	mu     sync.Mutex
	linger bool // false: Close resets the connection
}

// newPipe returns the two ends of a connection.
func newPipe(client, server net.Addr) (clientEnd, serverEnd *end) {
	up, down := newFlow(), newFlow()
	return &end{in: down, out: up, local: client, remote: server, linger: true},
		&end{in: up, out: down, local: server, remote: client, linger: true}
}

// Read waits until data has arrived and returns it.
func (e *end) Read(p []byte) (int, error) {
	n, err := e.in.read(p)
	return n, e.opError("read", err)
}

// Write waits while the buffer is full.
func (e *end) Write(p []byte) (int, error) {
	n, err := e.out.write(p)
	return n, e.opError("write", err)
}

// Close ends both directions: cleanly, or with a reset after SetLinger(0).
func (e *end) Close() error {
	e.mu.Lock()
	linger := e.linger
	e.mu.Unlock()
	if linger {
		e.in.closeReader(syscall.EPIPE)
		e.out.closeWriter(io.EOF)
	} else {
		e.in.closeReader(syscall.ECONNRESET)
		e.out.closeWriter(syscall.ECONNRESET)
	}
	return nil
}

// CloseWrite ends the direction away from this end, cleanly.
func (e *end) CloseWrite() error {
	e.out.closeWriter(io.EOF)
	return nil
}

// SetLinger with 0 makes Close reset the connection, like [net.TCPConn.SetLinger].
func (e *end) SetLinger(seconds int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.linger = seconds != 0
	return nil
}

func (e *end) LocalAddr() net.Addr  { return e.local }
func (e *end) RemoteAddr() net.Addr { return e.remote }

func (e *end) SetDeadline(t time.Time) error {
	if err := e.SetReadDeadline(t); err != nil {
		return err
	}
	return e.SetWriteDeadline(t)
}

func (e *end) SetReadDeadline(t time.Time) error {
	return e.opError("set", e.in.setReadDeadline(t))
}

func (e *end) SetWriteDeadline(t time.Time) error {
	return e.opError("set", e.out.setWriteDeadline(t))
}

func (e *end) opError(op string, err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // a flow never wraps it
		return err
	}
	return &net.OpError{Op: op, Net: e.local.Network(), Source: e.local, Addr: e.remote, Err: err}
}

// A flow is one direction of a connection.
type flow struct {
	mu      sync.Mutex
	changed sync.Cond
	data    bytes.Buffer
	pieces  []int // the unread length of each write

	readErr  error // why nothing can be read, not even buffered data
	endErr   error // what follows the buffered data
	writeErr error // why nothing can be written

	readDeadline, writeDeadline deadline
}

func newFlow() *flow {
	f := &flow{}
	f.changed.L = &f.mu
	return f
}

func (f *flow) read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.readErr != nil:
			return 0, f.readErr
		case f.readDeadline.passed():
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case f.data.Len() > 0:
			n, _ := f.data.Read(p[:min(len(p), f.pieces[0])]) // a buffer with data never fails
			if f.pieces[0] -= n; f.pieces[0] == 0 {
				f.pieces = f.pieces[1:]
			}
			f.changed.Broadcast()
			return n, nil
		case f.endErr != nil:
			return 0, f.endErr
		}
		f.changed.Wait()
	}
}

func (f *flow) write(p []byte) (written int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch room := bufferSize - f.data.Len(); {
		case f.writeErr != nil:
			return written, f.writeErr
		case f.writeDeadline.passed():
			return written, os.ErrDeadlineExceeded
		case len(p) == 0:
			return written, nil
		case room > 0:
			n, _ := f.data.Write(p[:min(room, len(p))]) // never fails
			f.pieces = append(f.pieces, n)
			f.changed.Broadcast()
			written += n
			if p = p[n:]; len(p) == 0 {
				return written, nil
			}
		}
		f.changed.Wait()
	}
}

// closeReader is the reading end's Close; writes fail with err from now on.
func (f *flow) closeReader(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readErr = net.ErrClosed
	f.readDeadline.stop()
	if f.writeErr == nil {
		f.writeErr = err
	}
	f.changed.Broadcast()
}

// closeWriter is the writing end's Close; err follows what it has written.
func (f *flow) closeWriter(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writeErr = net.ErrClosed
	f.writeDeadline.stop()
	if f.endErr == nil || err != io.EOF { //nolint:errorlint // a flow never wraps it
		f.endErr = err
	}
	f.changed.Broadcast()
}

func (f *flow) setReadDeadline(t time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readErr != nil {
		return f.readErr
	}
	f.readDeadline.set(t, f.wake)
	f.changed.Broadcast()
	return nil
}

func (f *flow) setWriteDeadline(t time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.writeErr != nil {
		return f.writeErr
	}
	f.writeDeadline.set(t, f.wake)
	f.changed.Broadcast()
	return nil
}

// wake makes waiting calls look at the deadlines.
func (f *flow) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed.Broadcast()
}

// A deadline is a point in time, zero for none, and the timer that then wakes waiting
// calls.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) set(at time.Time, wake func()) {
	d.stop()
	d.at = at
	if wait := time.Until(at); !at.IsZero() && wait > 0 {
		d.timer = time.AfterFunc(wait, wake)
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }
