// Package lifetime lets a subscription of ours stop, and wait for, our producers that
// another library has started below it. The libraries that we bridge to do not report when
// a producer has returned.
package lifetime

import (
	"context"
	"runtime/debug"
	"sync"

	"github.com/rxsse/rxsse"
)

// A Lifetime tracks the producers below one subscription. They find it in the
// subscription's context.
//
// A nil Lifetime belongs to a producer with no subscription of ours above it.
type Lifetime struct {
	end context.Context //nolint:containedctx // of the subscription, see New

	mu        sync.Mutex
	running   map[*Producer]struct{}
	stopping  int           // the number of stopped producers that still run
	settled   chan struct{} // closed when stopping is 0; nil without a waiter
	idle      chan struct{} // closed when running is empty; nil without a waiter
	used      bool
	stopped   bool
	collected bool // Carried has been called
	panicked  *rxsse.PanicError
}

// A Producer is a source that runs below a Lifetime.
type Producer struct {
	lifetime *Lifetime
	cancel   context.CancelCauseFunc
	stopping bool
}

type key struct{}

// New returns a context that carries a new Lifetime. The subscription ends with end, and
// then stops the Lifetime.
func New(ctx, end context.Context) (context.Context, *Lifetime) {
	l := &Lifetime{end: end, running: make(map[*Producer]struct{})}
	return context.WithValue(ctx, key{}, l), l
}

// Of returns the Lifetime that ctx carries, or nil.
func Of(ctx context.Context) *Lifetime {
	l, _ := ctx.Value(key{}).(*Lifetime)
	return l
}

// Enter adds a producer, which is stopped through cancel. It returns false if the producer
// must not run: a library may start one after the subscription has ended. A producer calls
// Leave last.
func (l *Lifetime) Enter(cancel context.CancelCauseFunc) (*Producer, bool) {
	p := &Producer{lifetime: l, cancel: cancel}
	if l == nil {
		return p, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return nil, false
	}
	l.running[p] = struct{}{}
	l.used = true
	return p, true
}

// Leave removes the producer.
func (p *Producer) Leave() {
	l := p.lifetime
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.running, p)
	if p.stopping {
		l.stopping--
	}
	l.notify()
}

func (l *Lifetime) notify() {
	if l.settled != nil && l.stopping == 0 {
		close(l.settled)
		l.settled = nil
	}
	if l.idle != nil && len(l.running) == 0 {
		close(l.idle)
		l.idle = nil
	}
}

// Stop cancels the producer with cause.
func (p *Producer) Stop(cause error) {
	if p.lifetime == nil {
		p.cancel(cause)
		return
	}
	p.lifetime.mu.Lock()
	defer p.lifetime.mu.Unlock()
	p.stop(cause)
}

func (p *Producer) stop(cause error) {
	if _, runs := p.lifetime.running[p]; !runs || p.stopping {
		return
	}
	p.stopping = true
	p.lifetime.stopping++
	p.cancel(cause)
}

// Stop stops all producers with cause and admits no more.
func (l *Lifetime) Stop(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	for p := range l.running {
		p.stop(cause)
	}
}

// Stopped reports whether Stop has been called, or will be because the context of the
// subscription has ended. A producer that ends with the same context may ask before the
// subscription has noticed.
func (l *Lifetime) Stopped() bool {
	if l == nil {
		return false
	}
	if l.end.Err() != nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped
}

// Settled returns a channel that is closed once no stopped producer runs. It does not wait
// for producers that have not been stopped, because others share them.
func (l *Lifetime) Settled() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wait(&l.settled)
}

// Idle returns a channel that is closed once no producer runs.
func (l *Lifetime) Idle() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wait(&l.idle)
}

func (l *Lifetime) wait(ch *chan struct{}) <-chan struct{} {
	if *ch == nil {
		*ch = make(chan struct{})
	}
	waiting := *ch
	l.notify()
	return waiting
}

// Used reports whether a producer has ever entered.
func (l *Lifetime) Used() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used
}

// Carry stores a panic of a producer that the library did not take as an error, for the
// subscription to raise. It returns false if there is no subscription to do so.
func (l *Lifetime) Carry(p *rxsse.PanicError) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.collected {
		return false
	}
	l.panicked = p
	return true
}

// Carried returns the stored panic, if any. It is the last call of the subscription:
// later panics cannot be carried.
func (l *Lifetime) Carried() *rxsse.PanicError {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.collected = true
	return l.panicked
}

// Guard calls f. It returns a panic of f both as panicked and as err, which
// distinguishes it from an error that f returned.
func Guard(f func() error) (panicked *rxsse.PanicError, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		var carried bool
		if panicked, carried = v.(*rxsse.PanicError); !carried {
			panicked = &rxsse.PanicError{Value: v, Stack: debug.Stack()}
		}
		err = panicked
	}()
	return nil, f()
}
