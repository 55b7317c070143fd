package rxro

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/samber/ro"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
	"github.com/rxsse/rxsse/internal/lifetime"
)

// stopTimeout bounds the wait for ro and for the sources below it when a range ends.
const stopTimeout = 100 * time.Millisecond

// From returns o as an Observable. Each range subscribes to o, and unsubscribes when it
// ends.
//
// Values, errors and completion pass unchanged. When the context of the range ends, the
// stream ends with its cause, even if o ignores contexts.
//
// Up to 256 items of o are queued, not counting those being delivered; then o waits for the
// range.
//
// However the range ends, From unsubscribes from o, and sources made with [ToRo] have ended
// when the range returns. Both take at most 100 ms. A source that sends within Subscribe
// cannot be stopped, see the package documentation.
//
// From panics if o is nil.
func From[T any](o ro.Observable[T]) rxsse.Observable[T] {
	argument.MustNotBeNil("rxro: From: o", o == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			if ctx.Err() != nil {
				var zero T
				yield(zero, context.Cause(ctx))
				return
			}
			s := subscribe(ctx, o)
			defer s.close()
			s.deliver(yield)
		}
	}
}

// A notification is what ro sends: a value, an error, or completion.
type notification[T any] struct {
	value T
	err   error
	ended bool
}

// A subscription is one range over o.
type subscription[T any] struct {
	queue      *handoff.Queue[notification[T]]
	producer   *handoff.Producer[notification[T]]
	life       *lifetime.Lifetime
	cancel     context.CancelCauseFunc
	subscribed chan ro.Subscription
	abandoned  chan struct{} // closed when close has stopped waiting for subscribed
	ended      bool          // o has completed or failed
	panicked   *rxsse.PanicError
}

// subscribe begins the subscription on another goroutine: ro may send within Subscribe,
// and not return until o has completed.
func subscribe[T any](ctx context.Context, o ro.Observable[T]) *subscription[T] {
	s := &subscription[T]{
		queue:      handoff.New[notification[T]](ctx, handoff.DefaultLimit),
		subscribed: make(chan ro.Subscription),
		abandoned:  make(chan struct{}),
	}
	s.producer = s.queue.AddProducer()
	ctx, s.cancel = context.WithCancelCause(ctx)
	ctx, s.life = lifetime.New(ctx, ctx)
	go s.run(ctx, o)
	return s
}

// run hands over the subscription. If Subscribe returns later than close could wait, it
// unsubscribes instead.
func (s *subscription[T]) run(ctx context.Context, o ro.Observable[T]) {
	var sub ro.Subscription
	if _, err := lifetime.Guard(func() error {
		sub = o.SubscribeWithContext(ctx, &observer[T]{producer: s.producer})
		return nil
	}); err != nil {
		s.producer.Push(notification[T]{err: err, ended: true})
	}
	select {
	case s.subscribed <- sub:
	case <-s.abandoned:
		if sub != nil {
			sub.Unsubscribe()
		}
	}
}

// deliver yields the items until the stream ends or yield returns false.
func (s *subscription[T]) deliver(yield func(T, error) bool) {
	var zero T
	for {
		batch, signal := s.queue.Receive(nil)
		if signal == handoff.End {
			yield(zero, s.queue.Err())
			return
		}
		for i := range batch {
			n := &batch[i]
			switch {
			case s.queue.Cancelled():
			case n.ended:
				s.ended = true
				if p, ok := n.err.(*rxsse.PanicError); ok { //nolint:errorlint // a wrapped one has been handled
					s.panicked = p
				} else if n.err != nil {
					yield(zero, n.err)
				}
				return
			case !yield(n.value, nil):
				return
			}
		}
	}
}

// close ends the subscription. The producer comes first: while it waits in the queue it
// holds locks that Unsubscribe may need. The context ends last: ro.Share runs its source
// under the context of its first subscriber.
func (s *subscription[T]) close() {
	s.queue.Stop()
	defer s.cancel(nil)

	late := time.NewTimer(stopTimeout)
	defer late.Stop()
	select {
	case sub := <-s.subscribed:
		if sub != nil {
			sub.Unsubscribe()
		}
		// Unsubscribe has stopped the sources without other subscribers. If o has ended
		// by itself, another goroutine stops them, and may not have marked them yet.
		stopped := s.life.Settled()
		if s.ended {
			stopped = s.life.Idle()
		}
		select {
		case <-stopped:
		case <-late.C:
		}
	case <-late.C:
		close(s.abandoned)
	}
	if p := s.life.Carried(); s.panicked == nil {
		s.panicked = p
	}
	if s.panicked != nil {
		panic(s.panicked)
	}
}

// An observer pushes what it receives into the queue. After the end of the range it drops
// everything.
type observer[T any] struct {
	producer *handoff.Producer[notification[T]]
	status   atomic.Int32 // see below
}

const (
	open = iota
	failed
	completed
)

func (o *observer[T]) NextWithContext(_ context.Context, value T) { o.Next(value) }

func (o *observer[T]) Next(value T) {
	if o.status.Load() == open {
		o.producer.Push(notification[T]{value: value})
	}
}

func (o *observer[T]) ErrorWithContext(_ context.Context, err error) { o.Error(err) }

func (o *observer[T]) Error(err error) {
	if o.status.CompareAndSwap(open, failed) {
		o.producer.Push(notification[T]{err: err, ended: true})
	}
}

func (o *observer[T]) CompleteWithContext(context.Context) { o.Complete() }

func (o *observer[T]) Complete() {
	if o.status.CompareAndSwap(open, completed) {
		o.producer.Push(notification[T]{ended: true})
	}
}

func (o *observer[T]) IsClosed() bool { return o.status.Load() != open }

func (o *observer[T]) HasThrown() bool { return o.status.Load() == failed }

func (o *observer[T]) IsCompleted() bool { return o.status.Load() == completed }
