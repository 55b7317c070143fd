package fanout

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse/benchmarks/measure"
)

// counts are the totals of a server so far.
type counts struct {
	writes  int64         // calls of Write of its connections
	wakeups int64         // times that a goroutine became runnable, as sampled by the scheduler
	locked  time.Duration // time that goroutines have waited for locks
	live    int64         // bytes of heap and stacks in use, after a collection
}

// perDelivery are the costs of one delivery.
type perDelivery struct {
	writes  float64 // calls of Write
	wakeups float64 // goroutines that became runnable
	locked  float64 // ns that goroutines have waited for locks
}

// since returns the costs of one of the deliveries between two counts.
func (c counts) since(before counts, deliveries int) perDelivery {
	n := float64(deliveries)
	return perDelivery{
		writes:  float64(c.writes-before.writes) / n,
		wakeups: float64(c.wakeups-before.wakeups) / n,
		locked:  float64(c.locked-before.locked) / n,
	}
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
	contention := measure.ReadContention()
	c.locked, c.wakeups = time.Duration(contention.Locked), int64(contention.Wakeups)
	if collect {
		c.live = measure.Live()
	}
	return fmt.Sprint(c.writes, c.wakeups, int64(c.locked), c.live)
}

// count asks a server for its counts.
func count(ctx context.Context, server string, collect bool) (c counts, err error) {
	text, err := ask(ctx, fmt.Sprintf("%s/counts?collect=%t", server, collect))
	if err != nil {
		return c, err
	}
	_, err = fmt.Sscan(text, &c.writes, &c.wakeups, (*int64)(&c.locked), &c.live)
	return c, err
}
