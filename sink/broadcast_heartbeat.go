package sink

// A client that wants few events would come back with an ID that the history has long
// forgotten. So a heartbeat carries the ID of the newest event if the client does not want
// that event. A block with an ID and without data sets the client's last event ID and
// delivers no event (WHATWG HTML §9.2.6).

// minUnwanted is the least number of events between two early heartbeats. It bounds their
// rate for a small history.
const minUnwanted = 64

func (b *Broadcaster) sendHeartbeat(c *client) error {
	c.busy()
	return c.send(b.heartbeatWith(b.unwantedID(c, c.checked)))
}

// heartbeatWith returns the heartbeat, with id unless that is empty or cannot be sent: a
// replay may have any ID.
func (b *Broadcaster) heartbeatWith(id string) []byte {
	if id == "" {
		return b.plainBeat
	}
	e := b.beat
	e.ID, e.Comment = id, ""
	wire, _, err := appendWire(nil, &e)
	if err != nil {
		return b.plainBeat
	}
	return wire
}

// unwantedID returns the ID of the newest event between number from and the place of c, if
// c does not want that event. c has been sent all wanted events before its place, so it
// misses nothing when it comes back with this ID.
//
// It ignores an ID that an older event has, too: c would get the events after that one
// again.
func (b *Broadcaster) unwantedID(c *client, from int64) string {
	next := c.next.Load()
	c.checked = next
	for n := next - 1; n >= from; n-- {
		e := b.log.at(n)
		switch {
		case e == nil: // forgotten: c will fall out of the history
			return ""
		case e.id == "":
		case n >= c.start && c.wants(e):
			return ""
		case !e.repeated:
			return e.id
		}
	}
	return ""
}

// earlyID is unwantedID for a client that cannot wait for the next heartbeat: it has read
// half of the history since it was last sent an ID, and has read up to next.
func (b *Broadcaster) earlyID(c *client, next int64) string {
	if n := next - c.checked; n < minUnwanted || n <= int64(b.log.len()/2) {
		return ""
	}
	return b.unwantedID(c, c.checked)
}

// sendReplayedID sends c a heartbeat with the ID of the last event of a replay, if c does
// not want that event.
func (b *Broadcaster) sendReplayedID(c *client, p *preface) error {
	if p.unwantedID == "" || !c.opened {
		return nil
	}
	return c.send(b.heartbeatWith(p.unwantedID))
}

// sendEndID sends c the last ID after Complete, if c has received First and no ID since.
// With the ID it gets status 204 when it comes back; without one it would get First again.
func (b *Broadcaster) sendEndID(c *client) error {
	if !c.hadFirst || b.state.Load() != completed {
		return nil
	}
	id := b.unwantedID(c, 0)
	if id == "" {
		return nil
	}
	return c.send(idBlock(id))
}

// idBlock returns a block that only sets the last event ID.
func idBlock(id string) []byte { return []byte("id: " + id + "\n\n") }
