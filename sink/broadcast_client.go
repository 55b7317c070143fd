package sink

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// batchEvents and batchBytes bound what a client is written at once, and holds
	// while it is: one event may be larger.
	batchEvents = 32
	batchBytes  = 32 << 10
	// maxTypes bounds what a client may have each event compared with.
	maxTypes = 64
)

// A client is one connection.
type client struct {
	w           http.ResponseWriter
	control     *http.ResponseController
	lastEventID string
	types       []string     // none: all
	next        atomic.Int64 // number of the event it is to be given next
	writing     atomic.Bool  // it is being written to
	deadline    time.Time    // of its writes
}

func newClient(w http.ResponseWriter, r *http.Request) *client {
	c := &client{w: w, control: http.NewResponseController(w), lastEventID: r.Header.Get("Last-Event-ID")}
	if r.URL.RawQuery != "" {
		query := r.URL.Query()
		c.types = query["type"]
		if c.lastEventID == "" {
			c.lastEventID = query.Get("lastEventId")
		}
	}
	return c
}

// interrupt ends a write that is under way, and reports whether it could.
func (c *client) interrupt() bool {
	return !errors.Is(c.control.SetWriteDeadline(time.Unix(1, 0)), http.ErrNotSupported)
}

// join takes c in, or returns with which status it is refused.
func (b *Broadcaster) join(c *client) (status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.log.end()
	if c.lastEventID != "" {
		next = b.log.after(c.lastEventID, b.state == completed)
		for now := time.Now(); next < b.log.end() && b.tooOld(b.log.at(next), now); {
			next++
		}
	}
	switch {
	case b.state == completed && !b.wantsAny(c, next):
		return http.StatusNoContent
	case b.state == shutDown, b.maxClients > 0 && len(b.clients) >= b.maxClients:
		return http.StatusServiceUnavailable
	}
	c.next.Store(next)
	c.writing.Store(true) // until it reads for the first time
	b.clients[c] = struct{}{}
	b.pastAll = min(b.pastAll, next)
	if b.state == completed && len(b.clients) == 1 {
		b.empty = make(chan struct{})
	}
	b.stats.accepted.Add(1)
	return http.StatusOK
}

// wantsAny reports whether there is anything for c from an event on. Comments are not:
// who has read them cannot say so.
func (b *Broadcaster) wantsAny(c *client, next int64) bool {
	for ; next < b.log.end(); next++ {
		if e := b.log.at(next); e.id != "" && c.wants(e.eventType) {
			return true
		}
	}
	return false
}

func (b *Broadcaster) leave(c *client) {
	b.mu.Lock()
	delete(b.clients, c)
	if b.state != broadcasting && len(b.clients) == 0 {
		close(b.empty)
	}
	b.mu.Unlock()
	b.readOn()
}

// serve writes to a client for as long as it is one.
func (b *Broadcaster) serve(c *client, r *http.Request) {
	header := c.w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Accel-Buffering", "no") // nginx
	if r.ProtoMajor == 1 {
		header.Set("Connection", "close") // its deadlines are not for another request
	}
	var opening [][]byte
	if b.retry > 0 {
		opening = append(opening, []byte("retry: "+strconv.FormatInt(b.retry.Milliseconds(), 10)+"\n\n"))
	}
	if !b.write(c, opening, time.Now()) {
		return
	}
	gone := r.Context().Done()
	heartbeat := time.NewTimer(b.heartbeat)
	defer heartbeat.Stop()
	written := time.Now()
	for {
		batch, wake, goOn := b.read(c)
		switch {
		case batch != nil:
			written = time.Now()
			goOn = b.write(c, batch.wires, written)
			batch.free()
			if !goOn {
				return
			}
			continue
		case !goOn:
			return
		}
		if r.ProtoMajor == 2 {
			c.noDeadline()
		}
		select {
		case <-wake:
		case <-gone:
			return
		case <-heartbeat.C:
			now := time.Now()
			if silent := now.Sub(written); silent < b.heartbeat {
				heartbeat.Reset(b.heartbeat - silent)
				continue
			}
			if !b.write(c, [][]byte{[]byte(":\n\n")}, now) {
				return
			}
			written = now
			heartbeat.Reset(b.heartbeat)
		}
	}
}

// read returns what c is to be given next. If there is nothing it returns what to
// wait for, or false if there will be nothing more.
func (b *Broadcaster) read(c *client) (*batch, <-chan struct{}, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	c.writing.Store(false)
	if b.killed {
		return nil, nil, false
	}
	next := c.next.Load()
	if next < b.log.first {
		if b.slow == DisconnectClients {
			b.stats.disconnected.Add(1)
			return nil, nil, false
		}
		b.stats.skipped.Add(b.log.first - next)
		next = b.log.first
	}
	var events *batch
	for size := 0; next < b.log.end() && size < batchBytes; next++ {
		e := b.log.at(next)
		if !c.wants(e.eventType) {
			continue
		}
		if events == nil {
			events = newBatch()
		}
		if len(events.wires) == batchEvents {
			break
		}
		events.wires = append(events.wires, e.wire)
		size += len(e.wire)
	}
	if next != c.next.Load() {
		c.next.Store(next)
		b.readOn()
	}
	if events != nil {
		b.stats.delivered.Add(int64(len(events.wires)))
	}
	return events, b.wake, b.state == broadcasting || next < b.log.end()
}

// A batch is events on their way to a client. Clients that wait have none: there may
// be many.
type batch struct{ wires [][]byte }

//nolint:gochecknoglobals // what a pool is for
var batches = sync.Pool{New: func() any { return &batch{wires: make([][]byte, 0, batchEvents)} }}

func newBatch() *batch {
	return batches.Get().(*batch) //nolint:errcheck,forcetypeassert // nothing else is put there
}

func (b *batch) free() {
	clear(b.wires)
	b.wires = b.wires[:0]
	batches.Put(b)
}

// wants reports whether c has asked for events of a type; comments, which have
// none, are for all.
func (c *client) wants(eventType string) bool {
	return len(c.types) == 0 || eventType == "" || slices.Contains(c.types, eventType)
}

// write writes a batch with as few packets as can be, and reports whether it could.
func (b *Broadcaster) write(c *client, batch [][]byte, now time.Time) bool {
	c.writing.Store(true)
	b.readOn()
	b.extend(c, now)
	for _, wire := range batch {
		for len(wire) > batchBytes { // it may take longer than the timeout, piece by piece
			if _, err := c.w.Write(wire[:batchBytes]); err != nil {
				return false
			}
			wire = wire[batchBytes:]
			b.extend(c, time.Now())
		}
		if _, err := c.w.Write(wire); err != nil {
			return false
		}
	}
	return c.control.Flush() == nil
}

// extend moves the deadline of writes, when half of it is over and not with each write.
func (b *Broadcaster) extend(c *client, now time.Time) {
	if c.deadline.Sub(now) < b.writeTimeout {
		c.deadline = now.Add(2 * b.writeTimeout)
		_ = c.control.SetWriteDeadline(c.deadline) // not every ResponseWriter has one
	}
}

// noDeadline takes the deadline away while nothing is written: that of an HTTP/2 stream
// ends it then too.
func (c *client) noDeadline() {
	if !c.deadline.IsZero() {
		c.deadline = time.Time{}
		_ = c.control.SetWriteDeadline(time.Time{})
	}
}

// BroadcastStats is what a [Broadcaster] has done until now.
type BroadcastStats struct {
	Clients      int    // connected now
	Accepted     int64  // clients that were ever connected
	Refused      int64  // clients that were not, since there were too many or at the end
	Disconnected int64  // clients that were too slow, under DisconnectClients
	Events       int64  // published
	Delivered    int64  // events handed to clients' connections
	Skipped      int64  // events that slow clients missed, under SkipEvents
	LastEventID  string // of the newest event
}

// broadcastCounters are those of the stats that clients count.
type broadcastCounters struct {
	accepted, refused, disconnected, events, delivered, skipped atomic.Int64
}

// Stats returns what the Broadcaster has done until now.
func (b *Broadcaster) Stats() BroadcastStats {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s := BroadcastStats{
		Clients:      len(b.clients),
		Accepted:     b.stats.accepted.Load(),
		Refused:      b.stats.refused.Load(),
		Disconnected: b.stats.disconnected.Load(),
		Events:       b.stats.events.Load(),
		Delivered:    b.stats.delivered.Load(),
		Skipped:      b.stats.skipped.Load(),
		LastEventID:  b.log.lastID,
	}
	return s
}
