// Package cluster runs NATS servers with JetStream in this process, for tests and
// demonstrations.
package cluster

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// A Cluster is a number of servers on loopback that store in a folder.
type Cluster struct {
	folder  string
	ports   []int // for clients
	routes  []int // for other servers
	links   map[link]*Proxy
	servers []*server.Server
}

// startTimeout is how long a server may take to be ready.
const startTimeout = 30 * time.Second

// Start starts n servers that store in folder, and returns once they have a leader.
func Start(folder string, n int) (*Cluster, error) {
	c := &Cluster{folder: folder, servers: make([]*server.Server, n)}
	for range n {
		client, route, err := freePorts()
		if err != nil {
			return nil, err
		}
		c.ports, c.routes = append(c.ports, client), append(c.routes, route)
	}
	if err := c.startLinks(); err != nil {
		return nil, err
	}
	for i := range n {
		if err := c.StartServer(i); err != nil {
			return nil, errors.Join(err, c.Stop())
		}
	}
	err := c.WaitForLeader()
	return c, err
}

// freePorts returns two ports that were free a moment ago.
func freePorts() (a, b int, err error) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	second, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, errors.Join(err, first.Close())
	}
	a, b = first.Addr().(*net.TCPAddr).Port, second.Addr().(*net.TCPAddr).Port //nolint:errcheck // the address of a TCP listener
	return a, b, errors.Join(first.Close(), second.Close())
}

// StartServer starts a stopped server with its stored data.
func (c *Cluster) StartServer(i int) error {
	opts := &server.Options{
		ServerName: fmt.Sprintf("n%d", i+1),
		Host:       "127.0.0.1", Port: c.ports[i],
		JetStream: true, StoreDir: filepath.Join(c.folder, fmt.Sprintf("n%d", i+1)),
		NoSigs: true, NoLog: true,
	}
	if len(c.ports) > 1 {
		// The others must not learn of a way around the links.
		opts.Cluster = server.ClusterOpts{Name: "rxsse", Host: "127.0.0.1", Port: c.routes[i], Advertise: "127.0.0.1:1"}
		for l, p := range c.links {
			if l.from == i {
				opts.Routes = append(opts.Routes, &url.URL{Scheme: "nats", Host: p.Address()})
			}
		}
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("start server %s: %w", opts.ServerName, err)
	}
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		s.Shutdown()
		return fmt.Errorf("server %s was not ready within %s", opts.ServerName, startTimeout)
	}
	c.servers[i] = s
	return nil
}

// WaitForLeader waits until the servers that run have a leader and are up to date.
func (c *Cluster) WaitForLeader() error {
	for end := time.Now().Add(startTimeout); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if len(c.servers) == 1 {
			return nil
		}
		leader, current := false, true
		for _, s := range c.servers {
			if s == nil {
				continue
			}
			leader = leader || s.JetStreamIsLeader()
			current = current && s.JetStreamIsCurrent()
		}
		if leader && current {
			return nil
		}
	}
	return fmt.Errorf("the cluster had no leader within %s", startTimeout)
}

// StopServer stops a server. Its clients reconnect to others.
func (c *Cluster) StopServer(i int) {
	if s := c.servers[i]; s != nil {
		c.servers[i] = nil
		s.Shutdown()
		s.WaitForShutdown()
	}
}

// Stop stops all servers.
func (c *Cluster) Stop() error {
	for i := range c.servers {
		c.StopServer(i)
	}
	for _, p := range c.links {
		p.Stop()
	}
	return nil
}

// URL returns the addresses of all servers, for nats.Connect.
func (c *Cluster) URL() string {
	urls := make([]string, len(c.ports))
	for i := range c.ports {
		urls[i] = c.ServerURL(i)
	}
	return strings.Join(urls, ",")
}

// ServerURL returns the address of one server.
func (c *Cluster) ServerURL(i int) string { return fmt.Sprintf("nats://127.0.0.1:%d", c.ports[i]) }
