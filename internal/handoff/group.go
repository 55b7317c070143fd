package handoff

import (
	"context"
	"math"
)

// A Group receives the same number of items from each of several queues, which have one
// upstream each. The queues can be of different types, see [AddQueue].
type Group struct {
	*consumer

	queues []groupQueue
}

// A groupQueue is a queue of a group, whatever its type of items.
type groupQueue interface {
	// fill takes the next batch if the last one has been received. It returns the number
	// of items not yet received.
	fill() int
	// isEmpty reports whether nothing can be received now, and whether nothing ever will.
	// Called with the lock held.
	isEmpty() (empty, completed bool)
	// setQuiet sets whether items wake the consumer. Called with the lock held.
	setQuiet(quiet bool)
}

// NewGroup returns a group without queues. Once ctx is cancelled, Receive returns End with
// its cause.
func NewGroup(ctx context.Context) *Group {
	g := &Group{consumer: newConsumer()}
	g.ctx = ctx
	g.upstream, g.cancel = context.WithCancel(ctx)
	return g
}

// AddQueue adds a queue to g. Its upstream waits while limit items are queued, in addition
// to up to limit in the current batch. The consumer calls Received instead of Receive.
func AddQueue[T any](g *Group, limit int) *Queue[T] {
	q := &Queue[T]{consumer: g.consumer, limit: limit, size: SizeOf[T]()}
	g.queues = append(g.queues, q)
	return q
}

// Receive waits until each queue has an item, and returns how many items [Queue.Received]
// can return for each. The stream ends when an upstream has completed and its items are
// received, or when one has failed and no more items can be received.
func (g *Group) Receive() (n int, signal Signal) {
	for {
		if g.ctx.Err() != nil {
			g.endedWith = context.Cause(g.ctx)
			return 0, End
		}
		g.mu.Lock()
		wait, completed := false, len(g.queues) == 0
		for _, q := range g.queues {
			empty, c := q.isEmpty()
			wait, completed = wait || empty, completed || c
			q.setQuiet(!empty)
		}
		switch {
		case completed:
			g.mu.Unlock()
			return 0, End
		case !wait:
			g.mu.Unlock()
			if n = g.fill(); n > 0 {
				return n, Items
			}
			continue // an item was taken before its producer listed itself for it
		case g.failed:
			g.mu.Unlock()
			g.raise()
			g.endedWith = g.outcome.err
			return 0, End
		}
		g.waiting = true
		g.mu.Unlock()
		select {
		case <-g.ready:
		case <-g.ctx.Done():
		}
	}
}

// fill returns the number of items that every queue has.
func (g *Group) fill() int {
	n := math.MaxInt
	for _, q := range g.queues {
		n = min(n, q.fill())
	}
	return n
}

// Received returns the first n items of a queue in a group, as a batch that is valid until
// the next Receive.
func (q *Queue[T]) Received(n int) []T {
	batch := q.rest[:n]
	q.rest = q.rest[n:]
	return batch
}

func (q *Queue[T]) fill() int {
	if len(q.rest) == 0 {
		q.rest, _ = q.Newer()
	}
	return len(q.rest)
}

func (q *Queue[T]) isEmpty() (empty, completed bool) {
	empty = len(q.rest) == 0 && len(q.pending) == 0 && len(q.listed) == 0
	return empty, empty && q.completed
}

func (q *Queue[T]) setQuiet(quiet bool) { q.quiet = quiet }
