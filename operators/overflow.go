package operators

import (
	"fmt"
	"sync/atomic"

	"github.com/rxsse/rxsse/internal/handoff"
)

// An Overflow says what becomes of an item for which there is no room, because
// the consumer is slower than the stream. It is one of [Block], which is the zero
// value, [DropOldest], [DropNewest], [Latest] and [Fail]; with
// [Overflow.Counting] it counts what it drops.
type Overflow struct {
	policy  handoff.Policy
	dropped *atomic.Int64
}

//nolint:gochecknoglobals // constants, but for the language; nothing in them can be changed
var (
	// Block makes the stream wait until there is room: nothing is lost, and the
	// slowest consumer sets the pace.
	Block = Overflow{policy: handoff.Block}
	// DropOldest drops the item that has waited for longest, for the new one.
	DropOldest = Overflow{policy: handoff.DropOldest}
	// DropNewest drops the item that has just come.
	DropNewest = Overflow{policy: handoff.DropNewest}
	// Latest drops all items that wait, for the new one.
	Latest = Overflow{policy: handoff.Latest}
	// Fail ends the stream with an [OverflowError], after the items that wait.
	Fail = Overflow{policy: handoff.Fail}
)

// Counting returns o with a counter to which it adds each item that it drops, as
// it drops it. Subscriptions and operators may share a counter.
func (o Overflow) Counting(dropped *atomic.Int64) Overflow {
	o.dropped = dropped
	return o
}

// String returns the name of o, such as "DropOldest".
func (o Overflow) String() string {
	return [...]string{"Block", "DropOldest", "DropNewest", "Latest", "Fail"}[o.policy]
}

// An OverflowError tells that a consumer was too slow for an operator that was
// built with [Fail].
type OverflowError struct {
	Operator string // its name, such as "Buffer"
	Limit    int    // how many items had room to wait
}

func (e *OverflowError) Error() string {
	return fmt.Sprintf("operators: %s: overflow: the consumer is slow and the room for %d waiting items is full", e.Operator, e.Limit)
}

// queue says the same to the queue of an operator.
func (o Overflow) queue(operator string, limit int) handoff.Overflow {
	return handoff.Overflow{
		Policy:  o.policy,
		Dropped: o.dropped,
		Err:     &OverflowError{Operator: operator, Limit: limit},
	}
}
