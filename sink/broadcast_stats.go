package sink

import "maps"

// BroadcastStats counts what a [Broadcaster] has done.
type BroadcastStats struct {
	Clients       int                   // connected now
	Accepted      int64                 // clients that were ever connected
	UnknownIDs    int64                 // clients whose last event ID neither the history nor the replay knew
	Refused       int64                 // requests that were not accepted, whatever the reason
	Left          map[LeaveReason]int64 // clients that have left, by reason
	Events        int64                 // published
	Rejected      int64                 // events that could not be encoded and were not sent
	Repaired      int64                 // events with text that was repaired, see [Broadcaster.Send]
	Delivered     int64                 // events written to clients' connections
	Skipped       int64                 // events that slow clients missed, under SkipEvents
	OldestEventID string                // of the oldest event in the history that has one
	LastEventID   string                // of the newest event
}

// Stats returns the current counts.
//
// A relay can restore its history after a restart: it saves OldestEventID and LastEventID
// before, and then reads its source from after the oldest ID. The history is back once
// the event with the last ID has been published. With [WithReplay] from the same source,
// clients that come back earlier resume without a repetition, too.
func (b *Broadcaster) Stats() BroadcastStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := BroadcastStats{
		Clients:       int(b.clients.size.Load()),
		Accepted:      b.accepted.Load(),
		UnknownIDs:    b.unknownIDs.Load(),
		Refused:       b.refused.Load(),
		Left:          maps.Clone(b.left),
		Events:        b.log.end.Load(),
		Rejected:      b.rejected.Load(),
		Repaired:      b.repaired.Load(),
		Delivered:     b.delivered,
		Skipped:       b.skipped,
		OldestEventID: b.log.oldestID(),
		LastEventID:   b.log.lastID,
	}
	b.clients.each(func(c *client) {
		s.Delivered += c.delivered.Load()
		s.Skipped += c.skipped.Load()
	})
	return s
}
