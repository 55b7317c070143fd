package rx

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/lifetime"
)

// FromHot is [From] for a hot observable: a published one ([rxgo.WithPublishStrategy]) or
// an event source. It calls it.Observe before it returns, so it misses nothing after a
// later Connect:
//
//	prices := rx.FromHot[Price](bus)
//	go consume(prices)
//	bus.Connect(ctx)
//
// The first range reads that subscription. Each later range observes again when it begins,
// and misses the earlier items.
//
// RxGo cannot unsubscribe: unless it drops items, a hot observable waits for every observer
// that it ever had. This has two consequences:
//
//   - From the call of FromHot, the hot observable waits for the first range. Range soon,
//     and call FromHot only for a stream that will be ranged over.
//   - When a range ends early, a goroutine reads and drops the remaining items until the
//     hot observable closes its channel; otherwise the other observers would block forever.
//     If consumers come and go, call FromHot once and share the result with operators.Share
//     or operators.Replay, which do unsubscribe.
//
// FromHot passes no context to RxGo, because a cancelled operator would stop reading the
// hot observable. RxGo operators before FromHot thus also process the dropped items; apply
// operators after FromHot instead.
//
// Items, errors, completion and cancellation are as in From. While another observer blocks
// the hot observable, Observe blocks too: FromHot waits for it for at most 100 ms, and the
// range waits for the rest, until its context ends.
func FromHot[T any](it rxgo.Iterable, opts ...Option) rxsse.Observable[T] {
	argument.MustNotBeNil("rx: FromHot: it", it == nil)
	o := newOptions(opts)
	first := observeHot(it)
	select {
	case <-first.observed:
	case <-time.After(drainTimeout):
	}
	var taken atomic.Bool
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			hot := first
			if !taken.CompareAndSwap(false, true) {
				hot = observeHot(it)
			}
			r := reader{ctx: ctx}
			defer func() {
				if !r.done {
					go hot.drain() // ends with the hot observable
				}
				if r.panicked != nil {
					panic(r.panicked)
				}
			}()
			select {
			case <-hot.observed:
				r.items, r.panicked = hot.items, hot.panicked
			case <-ctx.Done():
			}
			if r.panicked != nil || !deliver(&r, o, yield) {
				return
			}
			if err := r.err(); err != nil {
				var zero T
				yield(zero, err)
			}
		}
	}
}

// A hotObservation is one subscription to a hot observable.
type hotObservation struct {
	observed chan struct{} // closed when the other fields are set
	items    <-chan rxgo.Item
	panicked *rxsse.PanicError
}

// observeHot observes it on another goroutine: Observe waits for a lock that RxGo holds
// while it sends to the other observers.
func observeHot(it rxgo.Iterable) *hotObservation {
	h := &hotObservation{observed: make(chan struct{})}
	go func() {
		defer close(h.observed)
		h.panicked, _ = lifetime.Guard(func() error {
			h.items = it.Observe()
			return nil
		})
	}()
	return h
}

// drain reads the items until the hot observable closes its channel.
func (h *hotObservation) drain() {
	<-h.observed
	if h.items == nil {
		return
	}
	for item := range h.items {
		if p := carriedPanic(item); p != nil {
			panic(p) // the range has returned and cannot raise it
		}
	}
}
