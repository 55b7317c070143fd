package sink

import (
	"context"
	"errors"
	"time"
)

// The states of a broadcast.
const (
	broadcasting int32 = iota
	shutDown           // clients may come back to another server
	completed          // no event will follow
)

// ErrBroadcastEnded means that something was published after [Broadcaster.Shutdown]
// or [Broadcaster.Complete].
var ErrBroadcastEnded = errors.New("the broadcast has ended")

// BeginShutdown begins a [Broadcaster.Shutdown] and returns at once. Give it to
// [http.Server.RegisterOnShutdown]: [http.Server.Shutdown] then closes the listener
// first, and waits for the streams until its context ends. [http.Server.Close] then ends
// the streams of clients that do not read.
func (b *Broadcaster) BeginShutdown() { b.beginEnd(shutDown) }

// Shutdown ends the broadcast for now. Clients get what has been published; then their
// streams end, and they come back by themselves, preferably to another server. Later
// requests are refused, see [Broadcaster].
//
// Shutdown returns nil when all clients have left. If ctx ends first, it disconnects the
// other clients and returns the cause; it does not wait for clients that it cannot
// disconnect. To stop a server, use [Broadcaster.BeginShutdown]: while the server still
// accepts connections, clients come back to it and are refused.
func (b *Broadcaster) Shutdown(ctx context.Context) error { return b.end(ctx, shutDown) }

// Complete ends the broadcast for good. Clients get what has been published; then their
// streams end. A client that comes back gets what it has missed, or status 204, which
// stops an EventSource, if it has everything. A new client gets status 204, or the First
// of its [ClientConfig] and an ID: when it comes back with that ID, it gets status 204.
// Complete returns as [Broadcaster.Shutdown] does.
func (b *Broadcaster) Complete(ctx context.Context) error { return b.end(ctx, completed) }

// beginEnd ends the broadcast and returns the channel that is closed when no client is
// left.
func (b *Broadcaster) beginEnd(state int32) (empty <-chan struct{}) {
	b.mu.Lock()
	was := b.state.Load()
	if state == completed && was != completed && !b.log.lastIDIsUnique() && (b.client != nil || b.log.lastID != "") {
		b.addMarker()
	}
	if was == broadcasting {
		close(b.ended)
		if b.clients.size.Load() == 0 {
			close(b.empty)
		}
	}
	b.state.Store(state)
	empty = b.empty
	b.mu.Unlock()
	b.clients.each(func(c *client) {
		if state == shutDown {
			c.endSource()
		}
		c.wakeUp()
	})
	return empty
}

// addMarker adds a block that only sets the last event ID, with which a client can show
// that it has all events.
func (b *Broadcaster) addMarker() {
	id := b.prefix + "end"
	b.log.add(entry{id: id, marker: true, at: time.Now()}, idBlock(id))
}

func (b *Broadcaster) end(ctx context.Context, state int32) error {
	empty := b.beginEnd(state)
	select {
	case <-empty:
		return nil
	default:
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
	}
	canEnd := false
	b.clients.each(func(c *client) { canEnd = c.interrupt() || canEnd })
	if canEnd {
		select {
		case <-empty:
		case <-time.After(interruptTimeout): // middleware may ignore the deadline
		}
	}
	return context.Cause(ctx)
}
