package fanout

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// counts are what a server has done until now.
type counts struct {
	writes int64         // calls of Write of its connections
	locked time.Duration // that goroutines have waited for locks
	live   int64         // bytes of heap and stacks in use, after a collection
}

// A countingListener counts the writes of its connections.
type countingListener struct {
	net.Listener
	mu    sync.Mutex
	conns []*countingConn
}

type countingConn struct {
	net.Conn
	writes atomic.Int64
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	counting := &countingConn{Conn: conn}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, counting)
	return counting, nil
}

// report writes the counts for parse.
func (l *countingListener) report(collect bool) string {
	var c counts
	l.mu.Lock()
	for _, conn := range l.conns {
		c.writes += conn.writes.Load()
	}
	l.mu.Unlock()
	waited := []metrics.Sample{{Name: "/sync/mutex/wait/total:seconds"}}
	metrics.Read(waited)
	c.locked = time.Duration(waited[0].Value.Float64() * 1e9)
	if collect {
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.live = int64(m.HeapAlloc + m.StackInuse) //nolint:gosec // it fits
	}
	return fmt.Sprint(c.writes, int64(c.locked), c.live)
}

// count asks a server for its counts.
func count(ctx context.Context, server string, collect bool) (c counts, err error) {
	text, err := ask(ctx, fmt.Sprintf("%s/counts?collect=%t", server, collect))
	if err != nil {
		return c, err
	}
	_, err = fmt.Sscan(text, &c.writes, (*int64)(&c.locked), &c.live)
	return c, err
}
