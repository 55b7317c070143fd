package cluster

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// A Proxy passes connections on to a server, until it is cut.
type Proxy struct {
	listener net.Listener
	target   string
	onSend   func([]byte)

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
	wait  sync.WaitGroup
}

// StartProxy starts a proxy that passes connections on to the address target. If onSend is
// not nil, it is called with all bytes for the target before they are passed on.
func StartProxy(target string, onSend func([]byte)) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, target: target, onSend: onSend, conns: map[net.Conn]bool{}}
	p.wait.Go(p.accept) // until Stop
	return p, nil
}

// Address returns the address to connect to.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

func (p *Proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wait.Go(func() { p.pass(in) }) // until an end closes, SetCut or Stop
	}
}

// pass connects in to the target.
func (p *Proxy) pass(in net.Conn) {
	defer p.forget(in)
	if !p.keep(in) {
		return
	}
	out, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer p.forget(out)
	if !p.keep(out) {
		return
	}
	done := make(chan struct{})
	go func() { // until in or out is closed
		defer close(done)
		_, _ = io.Copy(out, p.watched(in))
		_ = out.Close()
	}()
	_, _ = io.Copy(in, out)
	_ = in.Close()
	<-done
}

// watched returns a reader of c that calls onSend.
func (p *Proxy) watched(c net.Conn) io.Reader {
	if p.onSend == nil {
		return c
	}
	return io.TeeReader(c, onWrite(p.onSend))
}

// An onWrite is a writer that calls a function.
type onWrite func([]byte)

func (f onWrite) Write(b []byte) (int, error) {
	f(b)
	return len(b), nil
}

// keep remembers an open connection, and reports whether it may stay open.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	return !p.cut
}

func (p *Proxy) forget(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// SetCut closes all connections and refuses new ones, or lets them pass again.
func (p *Proxy) SetCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for c := range p.conns {
			_ = c.Close()
		}
	}
}

// Stop closes all connections and waits for the goroutines.
func (p *Proxy) Stop() {
	_ = p.listener.Close()
	p.SetCut(true)
	p.wait.Wait()
}

// A link is the way from one server to another.
type link struct{ from, to int }

// startLinks makes a proxy for each pair of servers.
func (c *Cluster) startLinks() error {
	c.links = map[link]*Proxy{}
	for from := range c.routes {
		for to := range c.routes {
			if from == to {
				continue
			}
			p, err := StartProxy(fmt.Sprintf("127.0.0.1:%d", c.routes[to]), nil)
			if err != nil {
				return errors.Join(err, c.Stop())
			}
			c.links[link{from, to}] = p
		}
	}
	return nil
}

// Cut cuts the network between a server and the others. Clients still reach it.
func (c *Cluster) Cut(i int) { c.setCut(i, true) }

// Join joins a server to the others again.
func (c *Cluster) Join(i int) { c.setCut(i, false) }

// WaitForLoss waits until the others have noticed that a server is cut off: they have a
// leader without it, and it has none. It gives up after startTimeout.
func (c *Cluster) WaitForLoss(i int) error {
	for end := time.Now().Add(startTimeout); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		leader := false
		for other, s := range c.servers {
			leader = leader || other != i && s != nil && s.JetStreamIsLeader()
		}
		if leader && !c.servers[i].JetStreamIsLeader() && c.servers[i].NumRoutes() == 0 {
			return nil
		}
	}
	return fmt.Errorf("server %d was not missed within %s", i+1, startTimeout)
}

func (c *Cluster) setCut(i int, cut bool) {
	for l, p := range c.links {
		if l.from == i || l.to == i {
			p.SetCut(cut)
		}
	}
}
