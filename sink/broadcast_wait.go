package sink

import (
	"context"
	"runtime"
	"time"
)

const (
	// maxBusy is how long a client may be busy with one write before a publisher stops
	// waiting for it. With 100 ms, clients that never read held up the publisher most of
	// the time.
	maxBusy = 50 * time.Millisecond
	// A client is slow only if its write has also outlasted minTurns turns. A turn lasts
	// for at least turnPause and lets every runnable goroutine run, so a process without
	// CPU time does not mistake healthy clients for slow ones.
	minTurns  = 10
	turnPause = time.Millisecond
	// interruptTimeout is how long Shutdown waits for clients that it has interrupted.
	interruptTimeout = 250 * time.Millisecond
)

// makeRoom forgets the oldest events until one more, of size bytes, has room. It waits for
// clients that have not read the oldest event and are not slow, and releases b.mu
// meanwhile. After a wait it sets now to the current time.
func (b *Broadcaster) makeRoom(ctx context.Context, size int, now *time.Time) error {
	for b.log.len() > 0 && b.state.Load() == broadcasting {
		oldest := b.log.oldest.Load()
		full := b.log.len() >= b.events || b.log.bytes+int64(size) > b.bytes
		if !full && !b.tooOld(b.log.at(oldest), *now) {
			break
		}
		b.findWaited(oldest)
		switch {
		case len(b.waited) == 0:
			b.log.forget()
		case !full:
			return nil // an old event can stay a little longer
		default:
			if err := b.waitForClients(ctx, oldest); err != nil {
				return err
			}
			*now = time.Now()
		}
	}
	return nil
}

func (b *Broadcaster) tooOld(e *entry, now time.Time) bool {
	return now.Sub(e.at) > b.age
}

// findWaited sets b.waited to the clients that have not read an event and are not slow.
// It looks at all clients only when allRead does not rule it out.
func (b *Broadcaster) findWaited(number int64) {
	clear(b.waited)
	b.waited = b.waited[:0]
	if number < b.allRead {
		return
	}
	b.allRead = b.log.end.Load()
	now := time.Now()
	b.clients.each(func(c *client) {
		if c.interrupted.Load() || b.slow != WaitForClients && c.behind.Load() {
			return
		}
		next := c.next.Load()
		if next <= number {
			if left, _ := b.timeLeft(c, now); left <= 0 {
				b.giveUp(c)
				return
			}
			b.waited = append(b.waited, c)
		}
		b.allRead = min(b.allRead, next)
	})
}

// timeLeft returns how much longer a publisher waits for a client that has not read the
// oldest event, and how long it waits before it counts the next turn. A client that only
// waits to be scheduled is not slow, however long that takes. One that is busy with a write
// gets maxBusy and minTurns or, under WaitForClients, the time after which its write must
// have ended.
func (b *Broadcaster) timeLeft(c *client, now time.Time) (left, turn time.Duration) {
	limit := maxBusy
	if b.slow == WaitForClients {
		limit = 2*b.writeTimeout + interruptTimeout
	}
	busySince := c.busySince.Load()
	if busySince == 0 {
		return longest, longest
	}
	if busySince != c.watched {
		c.watched, c.turns = busySince, 0
	}
	left = limit - now.Sub(time.Unix(0, busySince))
	if c.turns >= minTurns {
		return left, left
	}
	later := time.Duration(minTurns-c.turns-1) * turnPause // for the turns after the next one
	return max(left, turnPause+later), max(left-later, turnPause)
}

// countTurn lets the runnable goroutines run, and then counts a turn for the clients that
// are waited for.
func (b *Broadcaster) countTurn() {
	runtime.Gosched()
	for _, c := range b.waited {
		if c.busySince.Load() == c.watched {
			c.turns++
		}
	}
}

// giveUp ends a client whose write has outlasted its deadline under WaitForClients, as
// happens when middleware hides the deadlines of the connection.
func (b *Broadcaster) giveUp(c *client) {
	if b.slow == WaitForClients {
		c.interrupt()
	}
}

// waitForClients releases b.mu until each client of b.waited has read an event or is slow.
// Only one publisher waits at a time.
func (b *Broadcaster) waitForClients(ctx context.Context, number int64) error {
	b.mu.Unlock()
	defer b.mu.Lock()
	defer b.awaited.Store(nil)
	for _, c := range b.waited {
		c.wakeUp()
	}
	for _, c := range b.waited {
		b.awaited.Store(c)
		for c.next.Load() <= number { // after awaited is set: moveTo looks at it after it sets next
			left, turn := b.timeLeft(c, time.Now())
			if left <= 0 {
				break // makeRoom looks at all clients again
			}
			select {
			case <-b.moved:
			case <-time.After(turn):
				b.countTurn()
			case <-b.ended:
			case <-ctx.Done():
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if b.state.Load() != broadcasting {
				return nil
			}
		}
	}
	return nil
}

// moveTo sets the event that c reads next, and wakes a publisher that waits for c.
func (b *Broadcaster) moveTo(c *client, next int64) {
	c.next.Store(next)
	if b.awaited.Load() == c { // after next is set: see waitForClients
		select {
		case b.moved <- struct{}{}:
		default:
		}
	}
}
