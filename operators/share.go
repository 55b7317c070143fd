package operators

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Share lets any number of subscribers share one subscription to src: the first
// one to come begins it, and when the last one has left it is cancelled and gone.
// Who comes later misses what was before, see [Replay]. Each subscriber may be up
// to n items behind; overflow says what becomes of more: with [OverflowBlock] the slowest
// subscriber sets the pace for all, with the others it misses items, or fails,
// alone. An n that is not positive panics.
//
//	src:                            -1-2-3-4-5|
//	Share(src, n, OverflowBlock):   -1-2-3-4-5|
//	a later subscriber:                 -3-4-5|
//
// It completes when src does, and an error of src is delivered to all who
// subscribe at that time, in each case after the items that wait for them; who
// comes after that begins a new subscription to src. A panic in src reaches all of
// them. A subscriber whose context is cancelled ends with its cause, and no other
// does: src runs under the values of the first subscriber's context, not under
// its deadline or cancellation.
//
// It runs src on a goroutine of its own, which is gone before the last subscriber
// ends, and holds at most n items for each subscriber, besides the one being
// delivered; with OverflowBlock, besides up to n being delivered.
func Share[T any](src rxsse.Observable[T], n int, overflow Overflow, opts ...OverflowOption) rxsse.Observable[T] {
	mustNotBeNil("Share: src", src == nil)
	mustBePositive("Share: n", n)
	return newHub(src, 0, n, newOverflow("Share", n, overflow, opts)).observe
}

// Replay is [Share] for those who come late: they are first given the newest items
// that src has delivered, up to remember of them, and then what comes. A remember
// or n that is not positive panics.
//
//	src:                                 -1-2-3-4-5|
//	Replay(src, 2, n, OverflowBlock):    -1-2-3-4-5|
//	a later subscriber:                    (12)-3-4-5|
//	one after the end:                               (45|)
//
// Once src has completed, Replay remembers its last items for good and does not
// subscribe to src again: who comes then is given these, and completes. When src
// fails, or when the last subscriber leaves before the end, they are forgotten, and
// who comes then begins a new subscription. All else is as in Share; what is
// remembered does not count towards n.
func Replay[T any](src rxsse.Observable[T], remember, n int, overflow Overflow, opts ...OverflowOption) rxsse.Observable[T] {
	mustNotBeNil("Replay: src", src == nil)
	mustBePositive("Replay: remember", remember)
	mustBePositive("Replay: n", n)
	return newHub(src, remember, n, newOverflow("Replay", n, overflow, opts)).observe
}

// A hub hands the items of one subscription to many.
type hub[T any] struct {
	src      rxsse.Observable[T]
	remember int
	limit    int
	overflow handoff.Overflow

	mu   sync.Mutex
	run  *sharedRun[T]   // what a new subscriber joins; nil: it begins one
	gone <-chan struct{} // closed once the newest run has ended
}

// A sharedRun is one subscription to the source of a hub, whose lock guards it.
type sharedRun[T any] struct {
	cancel  context.CancelFunc
	gone    chan struct{}         // closed once the source has ended
	over    bool                  // it has, or is about to
	users   int                   // subscribers that have not left
	fan     *handoff.Multicast[T] // to these, and to the last one that has left
	history memory[T]
}

func newHub[T any](src rxsse.Observable[T], remember, limit int, overflow handoff.Overflow) *hub[T] {
	return &hub[T]{src: src, remember: remember, limit: limit, overflow: overflow}
}

// observe is the Observable of the hub.
func (h *hub[T]) observe(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if ctx.Err() != nil {
			var zero T
			yield(zero, context.Cause(ctx))
			return
		}
		q := handoff.NewOverflowing[T](ctx, h.limit, h.overflow)
		run, history := h.join(ctx, q)
		defer h.leave(run, q)
		defer q.Stop() // before it leaves: the source may wait for room
		if deliverBatch(q, history, yield) {
			deliver(q, yield)
		}
	}
}

// join makes q a subscriber of the current run, or of a new one, and returns what
// the run remembers.
func (h *hub[T]) join(ctx context.Context, q *handoff.Queue[T]) (*sharedRun[T], []T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	run := h.run
	if run == nil {
		run = h.begin(ctx)
	}
	run.users++
	if !run.over {
		run.fan.Add(q)
	}
	return run, run.history.items()
}

// begin starts a run, whose source is subscribed to when that of the run before
// has ended. Called with the lock held.
func (h *hub[T]) begin(ctx context.Context) *sharedRun[T] {
	run := &sharedRun[T]{
		gone:    make(chan struct{}),
		fan:     handoff.NewMulticast[T](&h.mu, h.overflow.Policy),
		history: memory[T]{limit: h.remember},
	}
	ctx, run.cancel = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // leave and end call it
	before := h.gone
	h.run, h.gone = run, run.gone
	// Ends when the source does; the last subscriber to leave cancels its context
	// and waits for it.
	go func() {
		if before != nil {
			<-before
		}
		handoff.Run(ctx, h.src,
			func(v T) bool { return h.deliver(run, v) },
			func(e handoff.Outcome) { h.end(run, e) })
	}()
	return run
}

// deliver hands v to all subscribers of run and reports whether there were any.
func (h *hub[T]) deliver(run *sharedRun[T], v T) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	run.fan.WaitForRoom()
	run.history.add(v)
	run.fan.Push(v)
	return run.users > 0
}

// end ends run for all of its subscribers as its source has ended. A completed
// run that remembers anything stays.
func (h *hub[T]) end(run *sharedRun[T], e handoff.Outcome) {
	h.mu.Lock()
	run.over = true
	if h.run == run && (h.remember == 0 || !e.Completed()) {
		h.run = nil
	}
	run.fan.Finish(e)
	h.mu.Unlock()
	run.cancel()
	close(run.gone)
}

// leave takes q, which is stopped, out of run. The last one ends the run and waits
// for it, and is told if the source panics then.
func (h *hub[T]) leave(run *sharedRun[T], q *handoff.Queue[T]) {
	h.mu.Lock()
	run.users--
	last := run.users == 0
	if last && !run.over && h.run == run {
		h.run = nil
	}
	if !last {
		run.fan.Remove(q)
	}
	h.mu.Unlock()
	if last {
		run.cancel()
		<-run.gone
		q.Stop()
	}
}

// A memory is the last items of a stream, up to a limit.
type memory[T any] struct {
	limit int
	ring  []T
	next  int // where the next item goes once the ring is full
}

func (r *memory[T]) add(v T) {
	switch {
	case r.limit == 0:
	case len(r.ring) < r.limit:
		r.ring = append(r.ring, v)
	default:
		r.ring[r.next] = v
		r.next = (r.next + 1) % r.limit
	}
}

// items returns a copy of the items, the oldest first.
func (r *memory[T]) items() []T {
	return slices.Concat(r.ring[r.next:], r.ring[:r.next])
}
