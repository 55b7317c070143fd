package operators

import (
	"context"
	"sync/atomic"
)

// A gate holds one goroutine back while a limit of the items that it let through
// have not been dealt with. Passing it costs an atomic operation while there is
// room.
type gate struct {
	limit int64
	ahead atomic.Int64  // items that passed and have not been dealt with
	open  chan struct{} // wakes who waits; holds one token
}

func newGate(limit int) *gate {
	return &gate{limit: int64(limit), open: make(chan struct{}, 1)}
}

// pass waits for room and takes it. It returns false if the context ends first.
func (g *gate) pass(ctx context.Context) bool {
	for g.ahead.Load() >= g.limit {
		select {
		case <-g.open:
		case <-ctx.Done():
			return false
		}
	}
	g.ahead.Add(1)
	return true
}

// release gives room for n items back.
func (g *gate) release(n int) {
	if n > 0 && g.ahead.Add(-int64(n))+int64(n) >= g.limit {
		select {
		case g.open <- struct{}{}:
		default:
		}
	}
}
