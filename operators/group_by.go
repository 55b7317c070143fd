package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
	"github.com/rxsse/rxsse/internal/lru"
	"github.com/rxsse/rxsse/internal/window"
)

// GroupBy splits src into one stream for each key. A group is delivered when its
// key first comes, and is read through its Items, beside the others or in the body
// of the loop over the groups.
//
//	src:      -a1--b1--a2---b2-a3--|
//	GroupBy:  -A---B---------------|
//	     A:   -a1------a2------a3--|
//	     B:       -b1-------b2-----|
//
// A key that has been silent for idle is forgotten: its group completes, and the
// next item of the key opens a new one. The time during which src waits for
// readers is no silence.
//
// When src completes the groups complete after the items they hold; when it
// fails, they fail so, and then the stream of groups does. When that stream is left
// or cancelled, its groups end with [context.Canceled] or the cause.
//
// A group holds at most n items that were not read, besides those its reader works
// on. One that is full makes src wait for its reader, but groups that nobody reads
// do not block the others: one that is full and has no reader a second after it was
// opened is given up, and ends with a [GroupError] if it is read after all. What
// comes for it then, or for a group whose reader has left, is dropped until the key
// has been silent for idle. While 256 groups wait for the consumer to take them src
// waits too, and silent keys complete meanwhile. An n or idle that is not positive
// panics.
//
// GroupBy runs src on a goroutine of its own and tells the items apart on another;
// key runs there. It sets one timer for all keys. A key that does not equal itself,
// such as NaN, is a new one each time. To fold the items of each key into one
// value, [AggregateBy] is the efficient way.
func GroupBy[T any, K comparable](src rxsse.Observable[T], key func(T) K, n int, idle time.Duration) rxsse.Observable[Group[K, T]] {
	mustNotBeNil("GroupBy: src", src == nil)
	mustNotBeNil("GroupBy: key", key == nil)
	mustBePositive("GroupBy: n", n)
	mustBePositive("GroupBy: idle", idle)
	return func(ctx context.Context) iter.Seq2[Group[K, T], error] {
		return func(yield func(Group[K, T], error) bool) {
			untaken := make(chan struct{}, maxUntaken)
			q := handoff.New[Group[K, T]](ctx, maxUntaken+1)
			defer q.Stop()
			q.Go(split(src, key, n, idle, untaken))
			deliver(q, func(g Group[K, T], err error) bool {
				if err == nil {
					<-untaken
				}
				return yield(g, err)
			})
		}
	}
}

// maxUntaken is how many groups wait for the consumer to take them.
const maxUntaken = 256

// split is GroupBy on the goroutine that tells the items apart. It leaves a token
// in untaken for each group it delivers.
func split[T any, K comparable](src rxsse.Observable[T], key func(T) K, n int, idle time.Duration, untaken chan<- struct{}) rxsse.Observable[Group[K, T]] {
	return func(ctx context.Context) iter.Seq2[Group[K, T], error] {
		return func(yield func(Group[K, T], error) bool) {
			q := handoff.New[T](ctx, handoff.DefaultLimit)
			defer q.Stop()
			q.Go(src)
			s := splitter[T, K]{
				ctx: ctx, key: key, limit: n, idle: idle, yield: yield,
				untaken: untaken,
				clock:   window.StartClock(),
				open:    make(map[K]*lru.Entry[*inbox[K, T]]),
			}
			// Also when key panics: readers elsewhere wait for it.
			defer s.endAll(context.Canceled)
			defer s.due.stop()
			s.run(q)
		}
	}
}

// patience is for how long a full group waits for somebody to begin to read it.
const patience = time.Second

// A splitter tells the items of one subscription apart.
type splitter[T any, K comparable] struct {
	ctx   context.Context //nolint:containedctx // the subscription's; a splitter ends with it
	key   func(T) K
	limit int
	idle  time.Duration
	yield func(Group[K, T], error) bool

	untaken chan<- struct{}
	clock   window.Clock
	stalled time.Duration // how long it has waited for readers, which is no silence
	open    map[K]*lru.Entry[*inbox[K, T]]
	order   lru.List[*inbox[K, T]]
	staged  []*inbox[K, T] // those that hold items for the next pass
	due     alarm
	newest  window.Instant // when the newest group was opened: order does not go back behind it
}

// run reads the clock once for each batch of items.
func (s *splitter[T, K]) run(q *handoff.Queue[T]) {
	for {
		items, signal := q.Receive(s.due.c())
		now := time.Now()
		at := s.at(now)
		switch signal {
		case handoff.End:
			err := q.Err()
			s.endAll(err)
			if err != nil {
				s.yield(Group[K, T]{}, err)
			}
			return
		case handoff.Tick:
			s.due.rearm()
		case handoff.Items:
		}
		s.expire(at)
		for i := range items {
			if !s.sort(items[i], at) {
				return
			}
		}
		if !s.pass() {
			return
		}
		s.setDue(time.Now())
	}
}

// setDue sets the alarm for the key that has been silent for longest.
func (s *splitter[T, K]) setDue(now time.Time) {
	if first := s.order.First(); first == nil {
		s.due.clear()
	} else {
		s.due.set(now, s.clock.Time(window.Instant(first.Used()).Plus(s.idle).Plus(s.stalled)))
	}
}

// at is the clock that stands still while readers are waited for.
func (s *splitter[T, K]) at(now time.Time) window.Instant { return s.clock.At(now).Minus(s.stalled) }

// sort stages v for the group of its key, and opens it if there is none. It
// reports whether the stream goes on.
func (s *splitter[T, K]) sort(v T, at window.Instant) bool {
	k := s.key(v)
	g := s.open[k]
	if g == nil {
		return s.begin(k, v)
	}
	s.order.Use(g, int64(max(at, s.newest)))
	s.stage(g.Value, v)
	return true
}

// begin opens a group with its first item and delivers the group, once the
// consumer has taken enough of the others.
func (s *splitter[T, K]) begin(k K, v T) bool {
	select {
	case s.untaken <- struct{}{}:
	default:
		if !s.pass() || !s.waitForConsumer() {
			return false
		}
	}
	now := time.Now()
	g := &lru.Entry[*inbox[K, T]]{Value: newInbox[K, T](k, s.limit, now.Add(patience))}
	if k == k { //nolint:gocritic // not so for NaN, which could not be deleted again
		s.open[k] = g
	}
	s.newest = s.at(now)
	s.order.Use(g, int64(s.newest))
	s.stage(g.Value, v)
	return s.yield(Group[K, T]{k, g.Value.read}, nil)
}

// waitForConsumer leaves the token for a group when the consumer has taken
// another. Keys that fall silent complete meanwhile: it may be one of these that
// the consumer is busy with.
func (s *splitter[T, K]) waitForConsumer() bool {
	for {
		s.setDue(time.Now())
		select {
		case s.untaken <- struct{}{}:
			return true
		case <-s.due.c():
			now := time.Now()
			s.due.rearm()
			s.expire(s.at(now))
		case <-s.ctx.Done():
			return false
		}
	}
}

// stage holds v for the next pass.
func (s *splitter[T, K]) stage(b *inbox[K, T], v T) {
	if len(b.staged) == 0 {
		s.staged = append(s.staged, b)
	}
	b.staged = append(b.staged, v)
}

// pass hands what is staged to the readers: to those that have room first, so
// that they need not wait for the others.
func (s *splitter[T, K]) pass() bool {
	full := s.staged[:0]
	for _, b := range s.staged {
		if !b.pass() {
			full = append(full, b)
		}
	}
	for _, b := range full {
		if !s.passSlowly(b) {
			return false
		}
	}
	clear(s.staged)
	s.staged = s.staged[:0]
	return true
}

// passSlowly waits for the reader of a group until there is room for what is
// staged, or gives the group up.
func (s *splitter[T, K]) passSlowly(b *inbox[K, T]) bool {
	now := time.Now()
	defer s.stall(now)
	enough := time.NewTimer(b.until.Sub(now))
	defer enough.Stop()
	for !b.pass() {
		select {
		case <-b.space:
		case <-enough.C:
			b.giveUp()
		case <-s.ctx.Done():
			return false
		}
	}
	return true
}

// stall takes the time since out of the clock.
func (s *splitter[T, K]) stall(since time.Time) { s.stalled += time.Since(since) }

// expire completes the groups that have been silent for long enough.
func (s *splitter[T, K]) expire(at window.Instant) {
	for g := s.order.First(); g != nil && window.Instant(g.Used()).Plus(s.idle) <= at; g = s.order.First() {
		s.order.Remove(g)
		delete(s.open, g.Value.key)
		g.Value.end(nil)
	}
}

// endAll ends the groups as the stream ended.
func (s *splitter[T, K]) endAll(err error) {
	if s.ctx.Err() != nil {
		err = context.Cause(s.ctx)
	}
	for g := s.order.First(); g != nil; g = s.order.First() {
		s.order.Remove(g)
		g.Value.end(err)
	}
}
