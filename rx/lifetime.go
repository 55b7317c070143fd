package rx

import (
	"context"
	"sync"

	"github.com/rxsse/rxsse"
)

// A lifetime tracks the producers (those of [ToRxGo] and [Scope]) below one
// subscription. RxGo does not report when a producer has returned, so the
// subscription's context carries the lifetime to them. The subscription stops its
// producers through it, and waits until they have returned.
//
// A nil lifetime belongs to a producer with no subscription of ours above it.
type lifetime struct {
	mu       sync.Mutex
	running  map[*producer]struct{}
	used     bool // a producer has entered
	stopped  bool
	idle     chan struct{} // closed once stopped and no producer runs
	panicked *rxsse.PanicError
}

type lifetimeKey struct{}

func lifetimeOf(ctx context.Context) *lifetime {
	l, _ := ctx.Value(lifetimeKey{}).(*lifetime)
	return l
}

func newLifetime(ctx context.Context) (context.Context, *lifetime) {
	l := &lifetime{idle: make(chan struct{})}
	return context.WithValue(ctx, lifetimeKey{}, l), l
}

// enter adds p and reports whether it may run: RxGo may start a producer after the
// subscription has ended.
func (l *lifetime) enter(p *producer) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	if l.running == nil {
		l.running = make(map[*producer]struct{})
	}
	l.running[p] = struct{}{}
	l.used = true
	return true
}

// leave removes p. It is the last thing that a producer does.
func (l *lifetime) leave(p *producer) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.running, p)
	if l.stopped && len(l.running) == 0 {
		close(l.idle)
	}
}

// stop cancels the producers with cause and admits no more. Later calls do nothing.
func (l *lifetime) stop(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return
	}
	l.stopped = true
	for p := range l.running {
		p.cancel(cause)
	}
	if len(l.running) == 0 {
		close(l.idle)
	}
}

func (l *lifetime) isStopped() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped
}

// hadProducers reports whether a producer has ever entered.
func (l *lifetime) hadProducers() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used
}

// carry stores a panic that no reader took as an item, for the subscription to
// raise. It reports whether there is a subscription.
func (l *lifetime) carry(p *rxsse.PanicError) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.panicked = p
	return true
}

// carried returns the stored panic, if any.
func (l *lifetime) carried() *rxsse.PanicError {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.panicked
}
