package rx

import (
	"context"
	"sync"

	"github.com/rxsse/rxsse"
)

// A lifetime counts the bridge's own producers below one subscription. They sit at
// the far end of an RxGo chain, which does not say when they have returned, so the
// subscription's context carries the lifetime to them: when its consumer leaves, it
// can wait until their sources are closed.
//
// The nil lifetime is that of a producer which no subscription of ours is above.
type lifetime struct {
	mu       sync.Mutex
	live     int
	ended    bool
	idle     chan struct{} // closed once ended and nobody is left
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

// enter announces a producer and says whether it may run at all: RxGo may start
// one after the subscription has ended.
func (l *lifetime) enter() bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	l.live++
	return true
}

// leave is the last thing a producer does.
func (l *lifetime) leave() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.live--; l.ended && l.live == 0 {
		close(l.idle)
	}
}

// carry hands the subscription a panic that no reader took as an item, and says
// whether there is a subscription to take it.
func (l *lifetime) carry(p *rxsse.PanicError) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.panicked = p
	return true
}

// carried returns the panic that was handed over, if any.
func (l *lifetime) carried() *rxsse.PanicError {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.panicked
}

// end lets no more producers in; the channel closes when the last has left. It is
// called once.
func (l *lifetime) end() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.live == 0 {
		close(l.idle)
	}
	return l.idle
}
