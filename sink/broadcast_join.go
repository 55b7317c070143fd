package sink

import (
	"fmt"
	"reflect"
)

// noRoom returns why no client can be accepted, or "".
func (b *Broadcaster) noRoom() string {
	switch {
	case b.state.Load() == shutDown:
		return "the server is shutting down"
	case b.maxClients > 0 && b.clients.size.Load() >= int64(b.maxClients):
		return "too many clients"
	default:
		return ""
	}
}

// join adds c, or returns why there is no room, or that nothing is left for c.
func (b *Broadcaster) join(c *client) (noRoom string, hasAll bool) {
	if b.hasNothing(c) {
		return "", true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if noRoom := b.noRoom(); noRoom != "" {
		return noRoom, false
	}
	if c.Group != nil && c.Filter != nil {
		b.joinGroup(c)
	}
	if c.From == (Position{}) {
		c.From = b.Position()
	}
	b.placeAtJoin(c)
	if b.clients.size.Load() == 0 && b.state.Load() == completed {
		b.empty = make(chan struct{})
	}
	b.clients.add(c)
	b.accepted.Add(1)
	return "", false
}

// placeAtJoin gives c its place in the log, unless a replay or First must be sent first.
func (b *Broadcaster) placeAtJoin(c *client) {
	c.next.Store(notWaiting)
	if c.lastEventID == "" {
		if c.First == nil {
			b.place(c, b.log.end.Load())
		}
		return
	}
	next, known := b.log.after(c.lastEventID)
	switch {
	case known:
		b.place(c, b.young(next))
	case b.replay == nil && c.First == nil:
		b.placeAtOldest(c)
	}
}

// hasNothing reports whether the broadcast is complete and nothing is left for c. It
// reports false if only the replay knows.
func (b *Broadcaster) hasNothing(c *client) bool {
	switch {
	case b.state.Load() != completed:
		return false
	case c.lastEventID == "":
		return c.First == nil
	}
	b.mu.Lock()
	next, known := b.log.after(c.lastEventID)
	b.mu.Unlock()
	switch { // without the lock: the log no longer changes
	case known:
		return !b.wantsAny(c, b.young(next))
	case b.replay != nil:
		return false
	default:
		return !b.hasAnyForUnknown(c)
	}
}

// hasAnyForUnknown reports whether a complete broadcast has anything for c, whose ID
// neither the history nor the replay knows.
func (b *Broadcaster) hasAnyForUnknown(c *client) bool {
	return c.First != nil || b.wantsAny(c, b.young(b.log.oldest.Load()))
}

// wantsAny reports whether c wants any event from number next on. It ignores events without
// an ID: a client that has one cannot show it, and would come back endlessly.
func (b *Broadcaster) wantsAny(c *client, next int64) bool {
	for ; next < b.log.end.Load(); next++ {
		if e := b.log.at(next); e != nil && e.id != "" && !e.marker && c.wants(e) {
			return true
		}
	}
	return false
}

func (b *Broadcaster) joinGroup(c *client) {
	if !reflect.ValueOf(c.Group).Comparable() {
		panic(fmt.Sprintf("sink: Broadcaster: ClientConfig.Group must be comparable, got %T", c.Group))
	}
	g := b.groups[c.Group]
	if g == nil {
		g = newGroup(b.events)
		b.groups[c.Group] = g
	}
	g.members++
	c.group = g
}
