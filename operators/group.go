package operators

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
)

// A Group is the items of a stream that have one key; see [GroupBy].
type Group[K comparable, T any] struct {
	Key K
	// Items is the stream of the group, to be read once, on any goroutine. It is
	// hot: it goes on from the item that opened the group, whenever it is read.
	Items rxsse.Observable[T]
}

// A GroupError ends the items of a [Group]. It wraps [ErrGroupUnread] or
// [ErrGroupTaken].
type GroupError struct {
	// Key is the group's.
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
	// ErrGroupUnread means that more items came than GroupBy holds for a group
	// before anybody read it.
	ErrGroupUnread = errors.New("nobody read it in time: read groups as they come, or hold more items")
	// ErrGroupTaken means that a group was read for a second time.
	ErrGroupTaken = errors.New("its items have been read before, which can be done once")
)

// An inbox passes the items of a group from the goroutine that tells them apart
// to the one that reads the group.
type inbox[K comparable, T any] struct {
	key   K
	limit int
	until time.Time     // for so long a reader is waited for, even if there is none yet
	taken atomic.Bool   // somebody reads it, or has
	ready chan struct{} // wakes the reader; holds one token
	space chan struct{} // wakes the writer; holds one token

	staged []T // the writer's, to be passed on together

	mu      sync.Mutex
	items   []T
	reading bool  // somebody does
	waiting bool  // the reader is about to wait on ready
	closed  bool  // nothing more comes, or nothing more is wanted
	err     error // why
}

func newInbox[K comparable, T any](key K, limit int, until time.Time) *inbox[K, T] {
	return &inbox[K, T]{
		key: key, limit: limit, until: until,
		ready: make(chan struct{}, 1), space: make(chan struct{}, 1),
	}
}

// pass moves what is staged to the reader, as far as there is room, and reports
// whether that was all. There always is room once nobody wants the items.
func (b *inbox[K, T]) pass() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch n := min(len(b.staged), b.limit-len(b.items)); {
	case b.closed:
		b.staged = nil
	case len(b.items) == 0 && n == len(b.staged):
		b.items, b.staged = b.staged, b.items
	default:
		b.items = append(b.items, b.staged[:n]...)
		b.staged = slices.Delete(b.staged, 0, n)
	}
	b.wake()
	return len(b.staged) == 0
}

// giveUp drops the items if nobody reads them.
func (b *inbox[K, T]) giveUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.reading && !b.closed {
		b.closed, b.items, b.err = true, nil, &GroupError{b.key, ErrGroupUnread}
	}
}

// end is called when nothing more comes.
func (b *inbox[K, T]) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed, b.err = true, err
		b.wake()
	}
}

// wake wakes the reader if it waits.
func (b *inbox[K, T]) wake() {
	if b.waiting && (b.closed || len(b.items) > 0) {
		b.waiting = false
		nudge(b.ready)
	}
}

// leave is called by the reader when it wants nothing more.
func (b *inbox[K, T]) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.items = true, nil
	nudge(b.space)
}

// nudge leaves a token in a channel that holds one.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// read is the group's Observable.
func (b *inbox[K, T]) read(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if b.taken.Swap(true) {
			yield(zero, &GroupError{b.key, ErrGroupTaken})
			return
		}
		defer b.leave()
		var batch []T
		for {
			var end bool
			batch, end = b.take(batch)
			for i := range batch {
				if ctx.Err() != nil {
					break
				}
				if !yield(batch[i], nil) {
					return
				}
			}
			switch {
			case ctx.Err() != nil:
				yield(zero, context.Cause(ctx))
				return
			case end && b.err != nil:
				yield(zero, b.err)
				return
			case end:
				return
			case len(batch) == 0:
				select {
				case <-b.ready:
				case <-ctx.Done():
				}
			}
		}
	}
}

// take returns what has come since the last call, whose batch it uses again, and
// whether that was all. If nothing has come, the reader is woken when something
// does.
func (b *inbox[K, T]) take(last []T) (batch []T, end bool) {
	clear(last)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading = true
	batch, b.items = b.items, last[:0]
	if len(batch) >= b.limit {
		nudge(b.space)
	}
	b.waiting = len(batch) == 0 && !b.closed
	return batch, b.closed
}
