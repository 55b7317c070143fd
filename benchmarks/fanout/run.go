package fanout

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/measure"
)

// A scale is a number of events and subscribers.
type scale struct {
	subscribers int
	burst       int // events, as fast as the server takes them
	paced       int // events, one every
	every       time.Duration
}

// A cost is what a server needed.
type cost struct {
	burstCPU float64     // µs per delivery
	burst    float64     // deliveries per second
	pacedCPU float64     // µs per delivery
	p50, p99 float64     // ms from before the publishing to the subscriber, paced
	each     perDelivery // burst
	peak     float64     // MiB
}

// run starts a server in a child, and subscribes to it.
func run(name string, s scale) (c cost, err error) {
	usage, err := hosted(name, func(ctx context.Context, server string) error {
		c, err = measured(ctx, server, s)
		return err
	})
	c.peak = mebibytes(usage)
	return c, err
}

func mebibytes(usage child.Usage) float64 { return float64(usage.Peak) / (1 << 20) }

// hosted runs a server in a child while use runs, and returns the child's usage.
func hosted(name string, use func(ctx context.Context, server string) error) (child.Usage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	at := make(chan string, 1)
	parent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		at <- r.FormValue("at")
	}))
	defer parent.Close()
	type end struct {
		usage child.Usage
		err   error
	}
	ended := make(chan end, 1)
	go func() {
		_, usage, err := child.Run[any](ctx, Name, job{Server: name, Parent: parent.URL})
		ended <- end{usage, err}
	}()
	var server string
	select {
	case server = <-at:
	case e := <-ended:
		return child.Usage{}, fmt.Errorf("the server has ended: %w", e.err)
	}
	if err := use(ctx, server); err != nil {
		return child.Usage{}, err
	}
	_, _ = ask(ctx, server+"/quit") // the server may end before it has answered
	e := <-ended
	return e.usage, e.err
}

// measured connects the subscribers to a server and makes it publish, first in a burst and
// then with pauses.
func measured(ctx context.Context, server string, s scale) (c cost, err error) {
	all, failed, err := connect(ctx, server, s.subscribers, false)
	defer disconnect(all)
	if err != nil {
		return c, err
	}
	before, err := count(ctx, server, false)
	if err != nil {
		return c, err
	}
	burst, err := publish(ctx, server, all, failed, s.burst, 0)
	if err != nil {
		return c, fmt.Errorf("burst: %w", err)
	}
	after, err := count(ctx, server, false)
	if err != nil {
		return c, err
	}
	paced, err := publish(ctx, server, all, failed, s.paced, s.every)
	if err != nil {
		return c, fmt.Errorf("paced: %w", err)
	}
	deliveries := float64(s.subscribers * s.burst)
	c.burstCPU = float64(burst.cpu.Nanoseconds()) / 1e3 / deliveries
	c.burst = deliveries / burst.took.Seconds()
	c.each = after.since(before, s.subscribers*s.burst)
	c.pacedCPU = float64(paced.cpu.Nanoseconds()) / 1e3 / float64(s.subscribers*s.paced)
	c.p50 = float64(measure.Quantile(paced.delays, 0.5)) / 1e6
	c.p99 = float64(measure.Quantile(paced.delays, 0.99)) / 1e6
	return c, nil
}

func disconnect(all []*subscriber) {
	for _, one := range all {
		one.conn.Close()
	}
}

// connect returns subscribers that have all been greeted, and a channel for their errors.
//
// With quiet, only every 50th records delays.
func connect(ctx context.Context, server string, n int, quiet bool) (all []*subscriber, failed chan error, err error) {
	failed = make(chan error, n)
	for i := range n {
		one, err := subscribe(ctx, server, "")
		if err != nil {
			return all, failed, err
		}
		one.quiet = quiet && i%50 != 0
		all = append(all, one)
		go func() {
			if err := one.read(); err != nil {
				failed <- err
			}
		}()
	}
	for i, one := range all {
		select {
		case <-one.ready:
		case err := <-failed:
			return all, failed, err
		case <-ctx.Done():
			return all, failed, fmt.Errorf("subscriber %d was not greeted: %w", i, context.Cause(ctx))
		}
	}
	return all, failed, nil
}

// A published is the cost of delivering all events to all subscribers.
type published struct {
	cpu    time.Duration
	took   time.Duration
	delays []int64
}

func publish(ctx context.Context, server string, all []*subscriber, failed <-chan error, events int, every time.Duration) (p published, err error) {
	before, err := cpu(ctx, server)
	if err != nil {
		return p, err
	}
	begin := time.Now()
	if _, err := ask(ctx, fmt.Sprintf("%s/publish?events=%d&every=%s", server, events, every)); err != nil {
		return p, err
	}
	for i, one := range all {
		select {
		case seen := <-one.seen:
			if seen.events != events {
				return p, fmt.Errorf("subscriber %d got %d events instead of %d", i, seen.events, events)
			}
			p.delays = append(p.delays, seen.delays...)
		case err := <-failed:
			return p, err
		case <-ctx.Done():
			return p, fmt.Errorf("subscriber %d did not get all: %w", i, context.Cause(ctx))
		}
	}
	p.took = time.Since(begin)
	after, err := cpu(ctx, server)
	p.cpu = after - before
	return p, err
}

// cpu returns the processor time that a server has used.
func cpu(ctx context.Context, server string) (time.Duration, error) {
	text, err := ask(ctx, server+"/cpu")
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(text, 10, 64)
	return time.Duration(ns), err
}
