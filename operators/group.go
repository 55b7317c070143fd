package operators

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A Group is the items of a stream that have one key; see [GroupBy].
type Group[K comparable, T any] struct {
	Key K
	// Items delivers the items of the group, beginning with the first. It can be read once,
	// on any goroutine, now or later.
	Items rxsse.Observable[T]
}

// A GroupError is the error of Group.Items when the items were dropped, see
// [ErrGroupUnread], or were already read.
type GroupError struct {
	// Key is the key of the group.
	Key any
	Err error
}

// Error names the key.
func (e *GroupError) Error() string {
	return fmt.Sprintf("operators: GroupBy: group %v: %v", e.Key, e.Err)
}

// Unwrap returns Err.
func (e *GroupError) Unwrap() error { return e.Err }

var (
	// ErrGroupUnread means that the items of a group were dropped, because the group was
	// full and had no reader for a second.
	ErrGroupUnread = errors.New("dropped because its buffer was full and it had no reader; read groups as they are delivered, or buffer more items")
	errGroupTaken  = errors.New("already read; a group can be read once")
)

// An openGroup passes the items of a group from the goroutine that runs its keyRouter to
// the reader of the group.
type openGroup[K comparable, T any] struct {
	key     K
	queue   *handoff.Queue[T]
	in      *handoff.Producer[T] // nil after giveUp
	until   time.Time            // when a full group without a reader is dropped
	staged  []T                  // the router's, to be passed on in one batch
	state   atomic.Int32         // groupUnread, groupTaken or groupDropped
	drained atomic.Bool          // its reader has read everything, or has left
	changed chan<- struct{}      // wakes the router when drained is set
}

// What became of a group's items.
const (
	groupUnread  int32 = iota // no reader has begun
	groupTaken                // it has or had a reader
	groupDropped              // giveUp has dropped them
)

func newOpenGroup[K comparable, T any](key K, limit int, until time.Time, changed chan<- struct{}) *openGroup[K, T] {
	g := &openGroup[K, T]{key: key, queue: handoff.NewDetached[T](limit), until: until, changed: changed}
	g.in = g.queue.AddProducer()
	// The reader may have looked for items before the last ones were queued.
	g.queue.OnIdle(func() { g.in.IfEmpty(g.setDrained) })
	return g
}

// pass moves staged items to the reader while there is room, and reports whether all have
// been moved. A dropped group drops them.
func (g *openGroup[K, T]) pass() bool {
	n := len(g.staged)
	if g.in != nil {
		n = g.in.PushBatch(g.staged)
	}
	g.staged = slices.Delete(g.staged, 0, n)
	return len(g.staged) == 0
}

// giveUp drops the items, unless a reader has begun to read them.
func (g *openGroup[K, T]) giveUp() {
	if g.state.CompareAndSwap(groupUnread, groupDropped) {
		g.queue, g.in = nil, nil
	}
}

// end ends the group, after the items it holds.
func (g *openGroup[K, T]) end(o handoff.Outcome) {
	if g.in != nil {
		g.in.Finish(o)
	}
}

// isDone reports whether no more items of a completed group will be read, because its
// reader has left, or none came in time.
func (g *openGroup[K, T]) isDone(now time.Time) bool {
	return g.in == nil || g.queue.Stopped() || g.state.Load() == groupUnread && now.After(g.until)
}

func (g *openGroup[K, T]) setDrained() {
	g.drained.Store(true)
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

// read is the Observable of the group.
func (g *openGroup[K, T]) read(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		switch {
		case g.state.CompareAndSwap(groupUnread, groupTaken):
		case g.state.Load() == groupDropped:
			fail(yield, error(&GroupError{g.key, ErrGroupUnread}))
			return
		default:
			fail(yield, error(&GroupError{g.key, errGroupTaken}))
			return
		}
		defer g.setDrained()
		defer g.queue.Stop()
		g.queue.Attach(ctx)
		deliver(g.queue, yield)
	}
}
