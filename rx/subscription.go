package rx

import (
	"context"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
)

// A subscription observes one RxGo chain under a context of its own, and takes the
// chain down when it is closed. It is used by one goroutine.
type subscription struct {
	ctx      context.Context //nolint:containedctx // a subscription ends with it
	sub      context.Context //nolint:containedctx // what the chain runs under
	cancel   context.CancelFunc
	life     *lifetime
	items    <-chan rxgo.Item
	ended    bool // items is closed
	panicked *rxsse.PanicError
}

func newSubscription(ctx context.Context) *subscription {
	s := &subscription{ctx: ctx}
	s.sub, s.life = newLifetime(ctx)
	s.sub, s.cancel = context.WithCancel(s.sub)
	return s
}

// option is what tells RxGo operators the subscription's context.
func (s *subscription) option() rxgo.Option { return rxgo.WithContext(s.sub) }

// observe begins to run the chain.
func (s *subscription) observe(chain rxgo.Iterable) { s.items = chain.Observe(s.option()) }

// next waits for an item. It returns false when the chain has ended, with
// completion or a panic, and when the subscription's context has: err tells.
func (s *subscription) next() (rxgo.Item, bool) {
	select {
	case <-s.ctx.Done():
		return rxgo.Item{}, false
	case item, ok := <-s.items:
		if !ok {
			s.ended = true
			return rxgo.Item{}, false
		}
		if s.panicked = carriedPanic(item); s.panicked != nil {
			return rxgo.Item{}, false
		}
		// The select may have preferred the item to the end of the context.
		return item, s.ctx.Err() == nil
	}
}

// err is the cause of the context's end, or nil if it has not ended: RxGo closes
// its channels in both cases.
func (s *subscription) err() error { return context.Cause(s.ctx) }

// close cancels the chain and reads on until it has closed its channel, because
// RxGo operators that were given no context are stuck in a send and go no other
// way; then it waits for the bridge's producers below. Both take at most patience
// together. A panic of such a producer is raised here.
func (s *subscription) close() {
	s.cancel()
	late, stop := context.WithTimeout(context.WithoutCancel(s.ctx), patience)
	defer stop()

	for reading := s.items != nil && !s.ended; reading; {
		var item rxgo.Item
		select {
		case item, reading = <-s.items:
			if p := carriedPanic(item); p != nil {
				s.panicked = p
			}
		case <-late.Done():
			reading = false
		}
	}
	select {
	case <-s.life.end():
	case <-late.Done():
	}

	if s.panicked == nil {
		s.panicked = s.life.carried()
	}
	if s.panicked != nil {
		panic(s.panicked)
	}
}
