// Package handoff moves items from the goroutines that run upstreams to the one
// that ranges over an operator's result: the one goroutine boundary that all
// asynchronous operators share.
//
// A [Queue] is a mutex-guarded slice that the consumer takes whole. Producers
// wake the consumer only when it waits, and a consumer that is behind finds many
// items for one lock, which makes the boundary several times cheaper than a
// channel. The queue is bounded: producers wait while it is full.
package handoff

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rxsse/rxsse"
)

// DefaultLimit is the number of items a queue holds for operators that do not
// let their caller choose: large enough that switching goroutines costs little
// per item, small enough that little is read ahead.
const DefaultLimit = 256

// A Signal says why Receive returned.
type Signal int

const (
	// Items means that the batch holds at least one item.
	Items Signal = iota
	// Tick means that the timer fired and no item is queued.
	Tick
	// End means that the stream is over: Err tells how.
	End
)

// A Queue connects producers, one goroutine for each upstream, to one consumer.
// The consumer calls Go for each upstream, Receive until it returns End or
// nothing more is wanted, and Stop, always, when it leaves.
type Queue[T any] struct {
	ctx      context.Context //nolint:containedctx // the subscription's; a queue ends with it
	upstream context.Context //nolint:containedctx // ends earlier: on Stop, or when an upstream fails
	cancel   context.CancelFunc
	limit    int
	latest   bool

	ready     chan struct{} // wakes the consumer; holds one token
	taken     []T           // the batch lent to the consumer
	done      sync.WaitGroup
	endedWith error

	mu        sync.Mutex
	space     sync.Cond // producers wait here while the queue is full
	items     []T       // what the consumer will be given next
	producers int       // goroutines that may still push
	waiting   bool      // the consumer is about to wait on ready
	stopped   bool      // nothing more is wanted
	failed    bool      // an upstream failed: nothing may follow its error
	err       error
	panicked  *rxsse.PanicError
	goexit    bool
}

// New returns a queue that holds up to limit items besides the batch that the
// consumer works on; producers wait while it is full. The context bounds the
// subscription: once it is cancelled, Receive returns End with its cause.
func New[T any](ctx context.Context, limit int) *Queue[T] {
	q := &Queue[T]{ctx: ctx, limit: limit, ready: make(chan struct{}, 1)}
	q.space.L = &q.mu
	q.upstream, q.cancel = context.WithCancel(ctx) //nolint:gosec // Stop calls it
	return q
}

// NewLatest returns a queue that holds one item, which a newer one replaces:
// producers never wait.
func NewLatest[T any](ctx context.Context) *Queue[T] {
	q := New[T](ctx, 1)
	q.latest = true
	return q
}

// Go runs src on a goroutine of its own until it ends, fails, or the queue is
// stopped. The consumer calls it before it asks for the end of the stream: the
// stream is complete when all upstreams are.
func (q *Queue[T]) Go(src rxsse.Observable[T]) {
	q.mu.Lock()
	q.producers++
	q.mu.Unlock()
	// Ends when src does; Stop cancels the context of src and waits for it.
	q.done.Go(func() { q.produce(src) })
}

func (q *Queue[T]) produce(src rxsse.Observable[T]) {
	var err error
	returned := false
	defer func() {
		var panicked *rxsse.PanicError
		if !returned {
			panicked = asPanic(recover())
		}
		q.finish(err, panicked, !returned && panicked == nil)
	}()
	src(q.upstream)(func(v T, e error) bool {
		if e != nil {
			err = e
			return false
		}
		return q.push(v)
	})
	returned = true
}

// asPanic wraps a recovered value, with the stack of the goroutine that calls
// it. One that was wrapped on an inner goroutine keeps the stack it has.
func asPanic(recovered any) *rxsse.PanicError {
	switch v := recovered.(type) {
	case nil:
		return nil
	case *rxsse.PanicError:
		return v
	default:
		return &rxsse.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// push queues v and reports whether the upstream should go on.
func (q *Queue[T]) push(v T) bool {
	q.mu.Lock()
	for len(q.items) >= q.limit && !q.latest && !q.stopped && !q.failed {
		q.space.Wait()
	}
	if q.stopped || q.failed {
		q.mu.Unlock()
		return false
	}
	if q.latest && len(q.items) == 1 {
		q.items[0] = v
	} else {
		q.items = append(q.items, v)
	}
	q.wakeAndUnlock()
	return true
}

// finish records how one upstream ended. The first failure ends the others at
// once; the consumer gets it after what was queued before it.
func (q *Queue[T]) finish(err error, panicked *rxsse.PanicError, goexit bool) {
	q.mu.Lock()
	q.producers--
	if !q.failed && (err != nil || panicked != nil || goexit) {
		q.failed, q.err, q.panicked, q.goexit = true, err, panicked, goexit
		q.space.Broadcast()
		q.cancel()
	}
	q.wakeAndUnlock()
}

// wakeAndUnlock wakes the consumer if it waits. Only one caller finds waiting
// set, so that the send never blocks but on a token nobody has taken yet, and
// then there is nothing to add.
func (q *Queue[T]) wakeAndUnlock() {
	wake := q.waiting
	q.waiting = false
	q.mu.Unlock()
	if wake {
		select {
		case q.ready <- struct{}{}:
		default:
		}
	}
}

// Receive returns the items queued since the last call, as a batch that is valid
// until the next one. With none queued it waits: for an item, for timer (nil:
// never), for the end of the stream, or for the context.
//
// A panic of an upstream is raised here, after what was queued before it.
func (q *Queue[T]) Receive(timer <-chan time.Time) ([]T, Signal) {
	clear(q.taken) // the consumer is done with these: keep nothing alive
	for {
		if q.ctx.Err() != nil {
			q.endedWith = context.Cause(q.ctx)
			return nil, End
		}
		q.mu.Lock()
		if len(q.items) > 0 {
			q.taken, q.items = q.items, q.taken[:0]
			if len(q.taken) >= q.limit {
				q.space.Broadcast()
			}
			q.mu.Unlock()
			return q.taken, Items
		}
		if q.failed || q.producers == 0 {
			q.mu.Unlock()
			q.raise()
			q.endedWith = q.err
			return nil, End
		}
		q.waiting = true
		q.mu.Unlock()

		select {
		case <-q.ready:
		case <-q.ctx.Done():
		case <-timer:
			return nil, Tick
		}
	}
}

// Err tells how the stream ended, once Receive has returned End: nil for
// completion, the error of the upstream that failed first, or the cause of the
// cancelled context.
func (q *Queue[T]) Err() error { return q.endedWith }

// Cancelled reports whether the subscription's context is done. The consumer
// asks between the items of a batch, so that nothing follows a cancellation.
func (q *Queue[T]) Cancelled() bool { return q.ctx.Err() != nil }

// Stop ends the subscription: it cancels the upstreams, waits until their
// goroutines are gone, and raises a panic of theirs that Receive did not.
func (q *Queue[T]) Stop() {
	q.cancel()
	q.mu.Lock()
	q.stopped = true
	q.space.Broadcast()
	q.mu.Unlock()
	q.done.Wait()
	q.raise()
}

// raise repeats, once, a producer's panic or exit on the calling goroutine.
func (q *Queue[T]) raise() {
	if p := q.panicked; p != nil {
		q.panicked = nil
		panic(p)
	}
	if q.goexit {
		q.goexit = false
		runtime.Goexit()
	}
}
