package operators

import (
	"fmt"
	"sync/atomic"

	"github.com/rxsse/rxsse/internal/handoff"
)

// An Overflow decides what [Buffer], [Share] and [Replay] do with a new item while their
// buffer is full. The zero value is [OverflowBlock].
type Overflow int

const (
	// OverflowBlock makes the stream wait for space. No item is lost, and the slowest
	// consumer sets the pace.
	OverflowBlock = Overflow(handoff.Block)
	// OverflowDropOldest drops the oldest item in the buffer.
	OverflowDropOldest = Overflow(handoff.DropOldest)
	// OverflowDropNewest drops the new item.
	OverflowDropNewest = Overflow(handoff.DropNewest)
	// OverflowLatest drops all items in the buffer and keeps the new one.
	OverflowLatest = Overflow(handoff.Latest)
	// OverflowFail delivers the items in the buffer, then fails with an
	// [OverflowError].
	OverflowFail = Overflow(handoff.Fail)
)

// String returns the name of o without its prefix, such as "DropOldest".
func (o Overflow) String() string {
	names := [...]string{"Block", "DropOldest", "DropNewest", "Latest", "Fail"}
	if !o.isValid() {
		return fmt.Sprintf("Overflow(%d)", int(o))
	}
	return names[o]
}

func (o Overflow) isValid() bool { return o >= OverflowBlock && o <= OverflowFail }

// An OverflowOption changes how [Buffer], [Share] and [Replay] handle a full buffer.
type OverflowOption func(*handoff.Overflow)

// CountDropped adds 1 to n for each dropped item, when it is dropped. Subscriptions and
// operators can share a counter. For [Share] and [Replay], an item counts once for each
// subscriber that misses it. Default: dropped items are not counted.
//
// CountDropped panics if n is nil.
func CountDropped(n *atomic.Int64) OverflowOption {
	mustNotBeNil("CountDropped: n", n == nil)
	return func(o *handoff.Overflow) { o.Dropped = n }
}

// An OverflowError reports that a buffer with [OverflowFail] was full.
type OverflowError struct {
	Operator string // its name, such as "Buffer"
	Limit    int    // the number of items that the buffer holds; 16 MiB of events, strings or bytes also fill it
}

// Error names the operator and the size of its buffer.
func (e *OverflowError) Error() string {
	return fmt.Sprintf("operators: %s: buffer is full (%d items or 16 MiB): the consumer is slower than the stream; "+
		"use a larger buffer or another overflow policy", e.Operator, e.Limit)
}

// newOverflow returns the configuration of the operator's queues. It panics if policy
// is none of the constants.
func newOverflow(operator string, limit int, policy Overflow, opts []OverflowOption) handoff.Overflow {
	if !policy.isValid() {
		panic(fmt.Sprintf("operators: %s: unknown overflow policy %d; use one of the Overflow constants", operator, int(policy)))
	}
	overflow := handoff.Overflow{
		Policy: handoff.Policy(policy),
		Err:    &OverflowError{Operator: operator, Limit: limit},
	}
	for _, opt := range opts {
		opt(&overflow)
	}
	return overflow
}
