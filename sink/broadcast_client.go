package sink

import (
	"context"
	"math"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// maxScan is how many events a client looks at before it reports its place to the
// publisher. A filter may want none of them.
const maxScan = 256

// A client is one connection. The goroutine of its handler owns all fields that are not
// atomic.
type client struct {
	*response
	request
	ClientConfig

	group    *group
	place    int       // in the clientSet, which guards it
	sent     time.Time // when something was last written
	opened   bool      // a status was sent
	hadFirst bool      // First was sent
	oldest   bool      // it begins with the then oldest event, and has not begun
	start    int64     // number of the event with which it began to read the log
	checked  int64     // unwantedID need not look at the events before this one

	wake      chan struct{}                      // holds one token: a wake-up during a write is not lost
	cancel    atomic.Pointer[context.CancelFunc] // ends the stream that it reads instead of the log
	next      atomic.Int64                       // number of the event that it reads next; notWaiting while no publisher must wait for it
	busySince atomic.Int64                       // when it began to filter or write, in Unix nanoseconds, or 0
	behind    atomic.Bool                        // it is catching up on old events

	delivered, skipped atomic.Int64

	// The publisher whose turn it is owns these: see timeLeft.
	watched int64 // the busySince that the publisher saw last
	turns   int   // since then
}

// notWaiting is the place of a client that does not read the log, or has left.
const notWaiting = math.MaxInt64

func (b *Broadcaster) newClient(w http.ResponseWriter, r *http.Request, q request, given ClientConfig) *client {
	return &client{response: newResponse(w, r, b.writeTimeout), request: q, ClientConfig: given, wake: make(chan struct{}, 1)}
}

// wakeUp makes the client look for events: at once, or after its current write.
func (c *client) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// interrupt ends a client. It reports whether the client should leave soon.
func (c *client) interrupt() bool {
	waits := c.busySince.Load() == 0
	hasDeadlines := c.response.interrupt()
	c.endSource()
	c.wakeUp()
	return hasDeadlines || waits
}

// endSource cancels the stream that the client reads instead of the log, if any.
func (c *client) endSource() {
	if cancel := c.cancel.Load(); cancel != nil {
		(*cancel)()
	}
}

// stream writes to a client until the client or the broadcast ends, and returns why.
func (b *Broadcaster) stream(ctx context.Context, c *client) error {
	if err := b.begin(ctx, c); err != nil {
		return err
	}
	heartbeat := time.AfterFunc(b.heartbeat, c.wakeUp)
	defer heartbeat.Stop()
	due := time.Now().Add(b.heartbeat)
	for {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case c.interrupted.Load():
			return errInterrupted
		}
		ended := b.state.Load() != broadcasting // before end is read, so nothing follows end
		end := b.log.end.Load()
		if err := b.deliver(c, end); err != nil {
			return err
		}
		switch {
		case c.next.Load() < end:
			continue
		case ended:
			return b.sendEndID(c)
		}
		c.rest()
		select {
		case <-c.wake:
		case <-ctx.Done():
		}
		if now := time.Now(); !now.Before(due) {
			if now.Sub(c.sent) >= b.heartbeat {
				if err := b.sendHeartbeat(c); err != nil {
					return err
				}
			}
			due = c.sent.Add(b.heartbeat)
			heartbeat.Reset(time.Until(due))
		}
	}
}

// deliver writes to c the events before end that it has not read, up to about maxWrite
// bytes.
//
// Adjacent events in a chunk of the log are written from the chunk with one call. The
// publisher may forget them meanwhile: the chunk does not change. deliver stops at the end
// of a chunk if it has written half of maxWrite, so that the next call writes a whole
// chunk.
func (b *Broadcaster) deliver(c *client, end int64) error {
	next := c.next.Load()
	c.busy()
	defer c.idle()
	stop := min(end, next+maxScan)
	written := 0
	for next < stop && written < maxWrite/2 {
		first := b.log.at(next)
		if first == nil {
			if written == 0 {
				var err error
				if next, err = b.fellOut(c, next); err != nil {
					return err
				}
			}
			break // the next call continues
		}
		c.oldest = false
		next++
		if !c.wants(first) {
			continue
		}
		last := first
		for ; next < stop; next++ {
			e := b.log.at(next)
			if e == nil || &e.chunk[0] != &first.chunk[0] || !c.wants(e) {
				break
			}
			last = e
		}
		b.moveTo(c, next)
		if err := c.write(first.chunk[first.from:last.to]); err != nil {
			return err
		}
		c.delivered.Add(next - first.number)
		written += last.to - first.from
		if last.id != "" {
			c.checked = next
		}
	}
	b.moveTo(c, next)
	if next >= end && c.behind.Load() {
		b.caughtUp(c, next)
	}
	if id := b.earlyID(c, next); id != "" {
		if err := c.write(b.heartbeatWith(id)); err != nil {
			return err
		}
	} else if written == 0 {
		return nil
	}
	return c.flush()
}

// fellOut returns the number of the event with which c continues when its next event has
// been forgotten.
func (b *Broadcaster) fellOut(c *client, next int64) (int64, error) {
	oldest := b.log.oldest.Load()
	switch {
	case c.oldest: // it has not begun
	case b.slow == SkipEvents:
		c.skipped.Add(oldest - next)
	default:
		return next, errTooSlow
	}
	c.behind.Store(true)
	return oldest, nil
}

// caughtUp makes publishers wait for c again.
func (b *Broadcaster) caughtUp(c *client, next int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allRead = min(b.allRead, next)
	c.behind.Store(false)
}

// wants reports whether c gets an event. All clients get comments, which have no type.
func (c *client) wants(e *entry) bool {
	switch {
	case e.typ == "":
		return true
	case !c.wantsType(e.typ):
		return false
	case c.Filter == nil:
		return true
	case c.group != nil:
		return c.group.wants(e, c.Filter)
	default:
		return c.Filter(e.event)
	}
}

func (c *client) wantsType(typ string) bool {
	return len(c.types) == 0 || slices.Contains(c.types, typ)
}

// busy records that c begins to filter or write, for publishers that wait for it.
func (c *client) busy() { c.busySince.Store(time.Now().UnixNano()) }

func (c *client) idle() { c.busySince.Store(0) }

// write writes p in pieces. The time that c is busy restarts with each piece.
func (c *client) write(p []byte) error {
	for piece := range slices.Chunk(p, maxWrite) {
		c.sent = time.Now()
		c.busySince.Store(c.sent.UnixNano())
		if err := c.response.write(piece); err != nil {
			return err
		}
	}
	return nil
}

// send writes p at once.
func (c *client) send(p []byte) error {
	defer c.idle()
	if err := c.write(p); err != nil {
		return err
	}
	return c.flush()
}
