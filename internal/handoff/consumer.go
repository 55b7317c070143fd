package handoff

import (
	"context"
	"sync"
	"sync/atomic"
)

// A consumer is the state that the receiving goroutine shares with its upstreams: how to
// wake it, whether it wants more, and how the first upstream failed. Most consumers have
// one queue; the queues of a [Group] share a consumer.
type consumer struct {
	ctx      context.Context //nolint:containedctx // the subscription's; a queue ends with it
	upstream context.Context //nolint:containedctx // ends earlier, on Stop or when an upstream fails
	cancel   context.CancelFunc
	idle     func() // called before the consumer waits; may be nil; see Multicast
	running  sync.WaitGroup

	ready  chan struct{} // wakes the consumer; holds one token
	stop   chan struct{} // closed with closed
	closed atomic.Bool   // nothing more is wanted: Stop was called, or an upstream failed

	endedWith error // only the consumer reads and writes it

	mu      sync.Mutex
	waiting bool // the consumer is about to wait on ready
	failed  bool // an upstream failed: nothing may follow its error
	outcome Outcome
}

func newConsumer() *consumer {
	return &consumer{cancel: func() {}, ready: make(chan struct{}, 1), stop: make(chan struct{})}
}

// fail ends the stream with o.
func (c *consumer) fail(o Outcome) {
	c.mu.Lock()
	c.recordFailure(o)
	c.wakeAndUnlock()
}

// recordFailure records o if it is the first failure. A panic is always recorded, because
// one that occurs while the upstreams end after an error must not be lost.
func (c *consumer) recordFailure(o Outcome) {
	switch {
	case o.Completed():
	case !c.failed:
		c.failed, c.outcome = true, o
		c.close()
	case !c.outcome.Raises():
		c.outcome.panicked, c.outcome.goexit = o.panicked, o.goexit
	}
}

// close ends the upstreams, which can no longer push. Called with the lock held.
func (c *consumer) close() {
	if !c.closed.Swap(true) {
		close(c.stop)
		c.cancel()
	}
}

// wakeAndUnlock wakes the consumer if it waits. Only one caller finds waiting set.
func (c *consumer) wakeAndUnlock() {
	wake := c.waiting
	c.waiting = false
	c.mu.Unlock()
	if wake {
		nudge(c.ready)
	}
}

// Err returns how the stream ended, once Receive has returned End: nil for completion, the
// error of the first upstream to fail, or the cause of the cancelled context.
func (c *consumer) Err() error { return c.endedWith }

// Cancelled reports whether the subscription's context is done. The consumer checks it
// between the items of a batch, so that nothing follows a cancellation.
func (c *consumer) Cancelled() bool { return c.ctx.Err() != nil }

// Stop ends the subscription: it cancels the upstreams, waits for their goroutines, and
// raises their panic if Receive did not.
func (c *consumer) Stop() {
	c.mu.Lock()
	c.close()
	c.mu.Unlock()
	c.running.Wait()
	c.raise()
}

// Stopped reports whether nothing more is wanted.
func (c *consumer) Stopped() bool { return c.closed.Load() }

// raise repeats, once, a producer's panic or exit on the calling goroutine.
func (c *consumer) raise() {
	c.mu.Lock()
	o := c.outcome
	c.outcome = Outcome{err: o.err}
	c.mu.Unlock()
	o.Raise()
}
