package operators

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
	"github.com/rxsse/rxsse/internal/lru"
	"github.com/rxsse/rxsse/internal/window"
)

// GroupBy splits src into one stream per key. It delivers a [Group] when its key first
// appears; read the group through Items, in the body of the loop over the groups or on
// another goroutine.
//
//	src:      -a1--b1--a2---b2-a3--|
//	GroupBy:  -A---B---------------|
//	     A:   -a1------a2------a3--|
//	     B:       -b1-------b2-----|
//
// A group completes after its key has been silent for idle; the next item with that key
// opens a new group. Time that src spends waiting for readers does not count as silence. At
// most 65,536 groups are open, or as many as [MaxGroups] permits; a new key beyond that
// completes the group whose key has been silent the longest.
//
// Each group buffers up to n unread items, in addition to those its reader has taken. When
// a group is full, src waits for its reader. A full group without a reader is dropped one
// second after it opened, so an unread group cannot block the others; ranging over it later
// returns a [GroupError]. Later items for it, or for a group whose reader has left, are
// dropped until the key has been silent for idle. While 256 groups wait to be delivered,
// src waits too.
//
// When src completes, each group completes after its buffered items. When src fails, all
// groups with a reader, even completed ones, first deliver their buffered items; a group
// without a reader gets one second to find one. Then each open group delivers the error,
// and the stream of groups fails last. When the consumer leaves the stream of groups, its
// groups end with [context.Canceled]; when the stream is cancelled, with the cause.
//
// To read groups through [MergeMap], let it run as many inner streams as there can be
// groups, since any further groups would have no reader.
//
// Items held by an asynchronous operator on a group, such as Debounce, Delay or Buffer
// between Items and MergeMap, are dropped when src fails, because GroupBy does not know of
// them. To deliver them, remove the error with [Catch] before GroupBy, so that all groups
// complete, and deliver it with [Concat] after MergeMap.
//
// GroupBy runs src on one goroutine and key on another. One timer serves all keys. A key
// that does not equal itself, such as NaN, opens a new group each time. To fold the items
// of each key into one value, use [AggregateBy], which is faster.
//
// GroupBy panics if src or key is nil, or n or idle is not positive.
func GroupBy[T any, K comparable](src rxsse.Observable[T], key func(T) K, n int, idle time.Duration, opts ...GroupOption) rxsse.Observable[Group[K, T]] {
	mustNotBeNil("GroupBy: src", src == nil)
	mustNotBeNil("GroupBy: key", key == nil)
	argument.MustBePositive("operators: GroupBy: n", n)
	argument.MustBePositive("operators: GroupBy: idle", idle)
	o := groupOptions{maxGroups: 1 << 16}
	for _, opt := range opts {
		opt(&o)
	}
	src = withoutPositions("GroupBy", src)
	return func(ctx context.Context) iter.Seq2[Group[K, T], error] {
		return func(yield func(Group[K, T], error) bool) {
			untaken := make(chan struct{}, maxUntaken)
			q := handoff.New[Group[K, T]](ctx, maxUntaken+1)
			defer q.Stop()
			q.Go(route(src, key, n, idle, o.maxGroups, untaken))
			deliver(q, func(g Group[K, T], err error) bool {
				if err == nil {
					<-untaken
				}
				return yield(g, err)
			})
		}
	}
}

// A GroupOption configures [GroupBy].
type GroupOption func(*groupOptions)

type groupOptions struct{ maxGroups int }

// MaxGroups limits the number of open groups, and thus the memory that keys from the
// network can take. Default: 65,536. MaxGroups panics if n is not positive.
func MaxGroups(n int) GroupOption {
	argument.MustBePositive("operators: MaxGroups: n", n)
	return func(o *groupOptions) { o.maxGroups = n }
}

const (
	// maxUntaken is how many groups can wait for the consumer.
	maxUntaken = 256
	// firstReaderTimeout is how long a full group, or one whose stream has failed, waits
	// for its first reader.
	firstReaderTimeout = time.Second
	// minPrune is how many completed groups are remembered before those that are done are
	// dropped.
	minPrune = 64
)

// route is GroupBy on the goroutine that runs key. It leaves a token in untaken for
// each group it delivers.
func route[T any, K comparable](src rxsse.Observable[T], key func(T) K, n int, idle time.Duration, maxGroups int, untaken chan<- struct{}) rxsse.Observable[Group[K, T]] {
	return func(ctx context.Context) iter.Seq2[Group[K, T], error] {
		return func(yield func(Group[K, T], error) bool) {
			q := handoff.New[T](ctx, handoff.DefaultLimit)
			defer q.Stop()
			q.Go(src)
			r := keyRouter[T, K]{
				ctx: ctx, key: key, limit: n, idle: idle, maxGroups: maxGroups, yield: yield,
				untaken: untaken,
				changed: make(chan struct{}, 1),
				clock:   window.StartClock(),
				open:    make(map[K]*lru.Entry[*openGroup[K, T]]),
				pruneAt: minPrune,
			}
			// Also if key panics: readers on other goroutines wait for the end.
			defer func() { endGroups(r.removeAll(), handoff.Failed(context.Canceled)) }()
			r.run(q)
		}
	}
}

// A keyRouter passes the items of one subscription to the groups of their keys.
type keyRouter[T any, K comparable] struct {
	ctx       context.Context //nolint:containedctx // the subscription's; a keyRouter ends with it
	key       func(T) K
	limit     int
	idle      time.Duration
	maxGroups int
	yield     func(Group[K, T], error) bool

	untaken   chan<- struct{}
	changed   chan struct{} // a group is drained; holds one token
	clock     window.Clock
	stalled   time.Duration // the time spent waiting for readers, which does not count as silence
	open      map[K]*lru.Entry[*openGroup[K, T]]
	order     lru.List[*openGroup[K, T]] // of all open groups, by last use
	groups    int                        // in order
	staged    []*openGroup[K, T]         // those that hold items for the next pass
	completed []*openGroup[K, T]         // whose readers may have items left
	pruneAt   int                        // the length of completed at which finished groups are dropped
	due       deadlineTimer
	newest    window.Instant // when the newest group was opened; later uses are not before it
}

// run reads the clock once for each batch of items.
func (r *keyRouter[T, K]) run(q *handoff.Queue[T]) {
	for {
		items, signal := q.Receive(r.due.c())
		at := r.at(time.Now())
		if signal == handoff.End {
			r.end(q.Err())
			return
		}
		r.expire(at)
		for i := range items {
			if !r.route(items[i], at) {
				return
			}
		}
		if !r.pass() {
			return
		}
		r.setDue(time.Now())
	}
}

// end ends the groups the way src ended, and then the stream of groups.
func (r *keyRouter[T, K]) end(err error) {
	groups := r.removeAll()
	if err != nil && r.ctx.Err() == nil {
		r.waitForReaders(append(r.completed, groups...))
	}
	if r.ctx.Err() != nil {
		err = context.Cause(r.ctx)
	}
	endGroups(groups, handoff.Failed(err))
	if err != nil {
		fail(r.yield, err)
	}
}

// waitForReaders waits until the readers of groups have all items. No group gets the error
// before that: the first to deliver it may end the readers of the others, as in MergeMap.
func (r *keyRouter[T, K]) waitForReaders(groups []*openGroup[K, T]) {
	for _, g := range groups {
		g.drained.Store(false)
		if g.in != nil {
			g.in.AskAgain() // a reader that already waits reports once more that it is drained
		}
	}
	timeout := time.NewTimer(firstReaderTimeout)
	waitForUnread := true
	for {
		drained := true
		for _, g := range groups {
			if g.in != nil && !g.drained.Load() && !g.queue.Stopped() && (waitForUnread || g.state.Load() == groupTaken) {
				drained = false
				break
			}
		}
		if drained {
			return
		}
		select {
		case <-r.changed:
		case <-timeout.C:
			waitForUnread = false
		case <-r.ctx.Done():
			return
		}
	}
}

// setDue sets the deadline of the key that has been silent longest.
func (r *keyRouter[T, K]) setDue(now time.Time) {
	if first := r.order.First(); first != nil {
		r.due.set(now, r.clock.Time(window.Instant(first.Used()).Plus(r.idle).Plus(r.stalled)))
	}
}

// at returns now, minus the time spent waiting for readers.
func (r *keyRouter[T, K]) at(now time.Time) window.Instant { return r.clock.At(now).Minus(r.stalled) }

// route stages v for the group of its key, and opens that group if necessary. It reports
// whether the stream goes on.
func (r *keyRouter[T, K]) route(v T, at window.Instant) bool {
	k := r.key(v)
	g := r.open[k]
	if g == nil {
		return r.begin(k, v)
	}
	r.order.Use(g, int64(max(at, r.newest)))
	r.stage(g.Value, v)
	return true
}

// begin opens a group with its first item and delivers the group once the consumer has
// taken enough of the others.
func (r *keyRouter[T, K]) begin(k K, v T) bool {
	select {
	case r.untaken <- struct{}{}:
	default:
		if !r.pass() || !r.waitForConsumer() {
			return false
		}
	}
	if r.groups == r.maxGroups {
		if !r.pass() { // the oldest group may have items in the staged batch
			return false
		}
		r.complete(r.order.First())
	}
	now := time.Now()
	g := &lru.Entry[*openGroup[K, T]]{Value: newOpenGroup[K, T](k, r.limit, now.Add(firstReaderTimeout), r.changed)}
	if k == k { //nolint:gocritic // false for NaN, which could not be deleted again
		r.open[k] = g
	}
	r.newest = r.at(now)
	r.order.Use(g, int64(r.newest))
	r.groups++
	r.stage(g.Value, v)
	return r.yield(Group[K, T]{k, g.Value.read}, nil)
}

// waitForConsumer leaves the token for a group when the consumer has taken another. Silent
// groups still complete meanwhile, because the consumer may be reading one of them.
func (r *keyRouter[T, K]) waitForConsumer() bool {
	for {
		r.setDue(time.Now())
		select {
		case r.untaken <- struct{}{}:
			return true
		case <-r.due.c():
			r.expire(r.at(time.Now()))
		case <-r.ctx.Done():
			return false
		}
	}
}

// stage holds v for the next pass.
func (r *keyRouter[T, K]) stage(g *openGroup[K, T], v T) {
	if len(g.staged) == 0 {
		r.staged = append(r.staged, g)
	}
	g.staged = append(g.staged, v)
}

// pass hands the staged items to the readers, first to those that have room, so that these
// do not wait for the others.
func (r *keyRouter[T, K]) pass() bool {
	full := r.staged[:0]
	for _, g := range r.staged {
		if !g.pass() {
			full = append(full, g)
		}
	}
	for _, g := range full {
		if !r.passSlowly(g) {
			return false
		}
	}
	clear(r.staged)
	r.staged = r.staged[:0]
	return true
}

// passSlowly waits until a group has room for its staged items, or drops the group.
func (r *keyRouter[T, K]) passSlowly(g *openGroup[K, T]) bool {
	now := time.Now()
	defer func() { r.stalled += time.Since(now) }()
	enough := time.NewTimer(g.until.Sub(now))
	for !g.pass() {
		if !g.in.WaitForRoom(enough.C, r.ctx.Done()) {
			if r.ctx.Err() != nil {
				return false
			}
			g.giveUp()
		}
	}
	return true
}

// expire completes the groups that have been silent for long enough.
func (r *keyRouter[T, K]) expire(at window.Instant) {
	for g := r.order.First(); g != nil && window.Instant(g.Used()).Plus(r.idle) <= at; g = r.order.First() {
		r.complete(g)
	}
}

// complete completes a group. The router remembers it while its reader may have items left,
// since a failure of src is delivered after these too.
func (r *keyRouter[T, K]) complete(entry *lru.Entry[*openGroup[K, T]]) {
	g := r.remove(entry)
	g.end(handoff.Outcome{})
	if len(r.completed) >= r.pruneAt {
		now := time.Now()
		r.completed = slices.DeleteFunc(r.completed, func(g *openGroup[K, T]) bool { return g.isDone(now) })
		r.pruneAt = max(minPrune, 2*len(r.completed))
	}
	r.completed = append(r.completed, g)
}

// remove forgets a group.
func (r *keyRouter[T, K]) remove(g *lru.Entry[*openGroup[K, T]]) *openGroup[K, T] {
	r.order.Remove(g)
	r.groups--
	delete(r.open, g.Value.key)
	return g.Value
}

// removeAll forgets all groups and returns them.
func (r *keyRouter[T, K]) removeAll() (groups []*openGroup[K, T]) {
	for g := r.order.First(); g != nil; g = r.order.First() {
		groups = append(groups, r.remove(g))
	}
	return groups
}

func endGroups[K comparable, T any](groups []*openGroup[K, T], o handoff.Outcome) {
	for _, g := range groups {
		g.end(o)
	}
}
