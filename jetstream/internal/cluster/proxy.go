package cluster

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// A proxy passes connections from one server to another, until it is cut.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
	wait  sync.WaitGroup
}

func startProxy(target string) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: listener, target: target, conns: map[net.Conn]bool{}}
	p.wait.Go(p.accept) // until stop
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wait.Go(func() { p.pass(in) }) // until an end closes, cut or stop
	}
}

// pass connects in to the target.
func (p *proxy) pass(in net.Conn) {
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
		_, _ = io.Copy(out, in)
		_ = out.Close()
	}()
	_, _ = io.Copy(in, out)
	_ = in.Close()
	<-done
}

// keep remembers an open connection, and reports whether it may stay open.
func (p *proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	return !p.cut
}

func (p *proxy) forget(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// setCut closes all connections and refuses new ones, or lets them pass again.
func (p *proxy) setCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for c := range p.conns {
			_ = c.Close()
		}
	}
}

func (p *proxy) stop() {
	_ = p.listener.Close()
	p.setCut(true)
	p.wait.Wait()
}

// A link is the way from one server to another.
type link struct{ from, to int }

// startLinks makes a proxy for each pair of servers.
func (c *Cluster) startLinks() error {
	c.links = map[link]*proxy{}
	for from := range c.routes {
		for to := range c.routes {
			if from == to {
				continue
			}
			p, err := startProxy(fmt.Sprintf("127.0.0.1:%d", c.routes[to]))
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
			p.setCut(cut)
		}
	}
}
