package rx

import (
	"context"
	"runtime"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/lifetime"
)

// drainTimeout bounds each wait of the bridge for goroutines of RxGo: how long a
// chain is drained after its consumer has left, and how long the last error waits for
// a reader after the bound context has ended.
const drainTimeout = 100 * time.Millisecond

// settleTime is how long a chain may take to close its channel after all producers of
// this package below it have returned. A chain with other sources does not close by
// itself; its context is cancelled then.
const settleTime = 20 * time.Millisecond

// A subscription observes one RxGo chain and takes it down when it is closed. Only
// one goroutine uses it.
//
// The end of ctx does not cancel the chain's context, it stops the producers below
// the chain. The chain then completes from its sources down, which also frees the
// operators that send without looking at a context: cancelled at the same time as
// the operators below them, they would block forever. The chain's context is
// cancelled after that, for chains with other sources.
type subscription struct {
	reader

	sub       context.Context //nolint:containedctx // what the chain runs under
	cancel    context.CancelCauseFunc
	release   func() bool // ends the watch on ctx
	life      *lifetime.Lifetime
	pending   chan observation // delivers the items, nil once it has
	abandoned chan struct{}    // closed when close has stopped waiting for pending
}

// An observation is the result of building a chain and observing it.
type observation struct {
	items    <-chan rxgo.Item
	done     bool // do not drain: there is no channel, or it belongs to the caller's program
	panicked *rxsse.PanicError
	exited   bool // by runtime.Goexit
}

func newSubscription(ctx context.Context) *subscription {
	s := &subscription{reader: reader{ctx: ctx}}
	sub, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.sub, s.life = lifetime.New(chainContext{sub, ctx}, ctx)
	s.release = context.AfterFunc(ctx, func() { s.life.Stop(context.Cause(ctx)) })
	return s
}

// A chainContext has the values and the deadline of the range's context, but ends
// when the subscription cancels it.
type chainContext struct {
	context.Context //nolint:containedctx // it is a context

	parent context.Context //nolint:containedctx // it is a context
}

// Deadline returns the deadline of the range.
func (c chainContext) Deadline() (time.Time, bool) { return c.parent.Deadline() }

// option carries the chain's context to RxGo operators.
func (s *subscription) option() rxgo.Option { return boundOption{rxgo.WithContext(s.sub)} }

// observe builds the chain and begins to run it, unless ctx ends first. It returns false if
// build has panicked.
//
// Building and observing happen on another goroutine: RxGo holds a lock of a hot
// observable while it sends to the other observers, and Observe waits for that lock.
func (s *subscription) observe(build func() rxgo.Iterable) bool {
	s.pending = make(chan observation)
	s.abandoned = make(chan struct{})
	go s.build(build, s.pending, s.abandoned)
	select {
	case o := <-s.pending:
		s.take(o)
		if o.exited {
			runtime.Goexit()
		}
	case <-s.ctx.Done():
	}
	return s.panicked == nil
}

// build hands over its observation. If Observe returns later than close could wait, it
// drains the chain instead.
func (s *subscription) build(build func() rxgo.Iterable, pending chan<- observation, abandoned <-chan struct{}) {
	o := observation{done: true, exited: true}
	defer func() {
		select {
		case pending <- o:
			return
		case <-abandoned:
		}
		late := time.After(drainTimeout)
		for reading := !o.done; reading; {
			var item rxgo.Item
			select {
			case item, reading = <-o.items:
				if p := carriedPanic(item); p != nil {
					o.panicked = p
				}
			case <-late:
				reading = false
			}
		}
		if o.panicked != nil {
			panic(o.panicked) // the range has returned and cannot raise it
		}
	}()
	o.panicked, _ = lifetime.Guard(func() error {
		chain := build()
		if chain == nil {
			panic("rx: build returned a nil observable")
		}
		o.items = chain.Observe(s.option())
		o.done = isCallersChannel(chain)
		return nil
	})
	o.exited = false
}

func (s *subscription) take(o observation) {
	s.pending = nil
	s.items, s.done, s.panicked = o.items, o.done, o.panicked
}

// close stops the chain and drains it until it closes its channel, and then waits for the
// producers below, all within drainTimeout. If the chain panicked, close panics.
func (s *subscription) close() {
	s.release()
	s.life.Stop(context.Canceled)
	s.takeDown()
	s.cancel(nil)

	if s.panicked == nil {
		s.panicked = s.life.Carried()
	}
	if s.panicked != nil {
		panic(s.panicked)
	}
}

func (s *subscription) takeDown() {
	if s.done {
		select {
		case <-s.life.Settled():
			return // there is nothing to wait for
		default:
		}
	}
	late, stop := context.WithTimeout(context.WithoutCancel(s.ctx), drainTimeout)
	defer stop()

	if s.pending != nil {
		s.cancel(nil)
		select {
		case o := <-s.pending:
			s.take(o)
		case <-late.Done():
			close(s.abandoned)
		}
	}
	if s.life.Used() {
		settled, stop := context.WithTimeout(late, drainTimeout*3/4)
		s.drain(settled, s.life.Settled())
		stop()
	}
	s.cancel(nil)
	s.drain(late, nil)
	select {
	case <-s.life.Settled():
	case <-late.Done():
	}
}

// drain reads the chain until it closes its channel, until late ends, or until
// settleTime after idle is closed.
func (s *subscription) drain(late context.Context, idle <-chan struct{}) {
	if s.done {
		return
	}
	var settled <-chan time.Time
	for {
		select {
		case item, ok := <-s.items:
			if !ok {
				return
			}
			if p := carriedPanic(item); p != nil {
				s.panicked = p
			}
		case <-idle:
			idle = nil
			settled = time.After(settleTime)
		case <-settled:
			return
		case <-late.Done():
			return
		}
	}
}
