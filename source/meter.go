package source

import (
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A Meter counts what streams do. [WithMeter] adds a stream to it; the counts of several
// streams are summed. The zero Meter is ready to use. A Meter is safe for concurrent use.
type Meter struct {
	mu      sync.Mutex
	ended   Stats // of streams that have ended
	running map[*streamMeter]struct{}
}

// WithMeter makes m count what the stream does. It adds to earlier meters, such as those of
// the client. A nil m has no effect.
func WithMeter(m *Meter) Option {
	return func(c *config) {
		if m != nil && !slices.Contains(c.meters, m) {
			c.meters = append(c.meters, m)
		}
	}
}

// Stats is what a [Meter] has counted so far.
type Stats struct {
	// Streams is how many streams run now, and Connections how many of them are connected.
	Streams     int
	Connections int
	// Completed and Failed count streams that ended by themselves. A stream that was
	// cancelled, or whose consumer left, is neither.
	Completed int64
	Failed    int64
	// Attempts counts the attempts to connect, Connects those that the server accepted,
	// and Reconnects those of them that were not a stream's first.
	Attempts   int64
	Connects   int64
	Reconnects int64
	// Outcomes counts the attempts that have ended, by outcome.
	Outcomes map[Outcome]int64
	// ConnectTimes has the time from the beginning of an attempt to the server's response,
	// for each attempt that the server accepted. Those of [FromResponse] are unknown.
	ConnectTimes Histogram
	// ConnectionTimes has how long each connection lasted, from the server's response to
	// its end. A peak may be the time after which a proxy ends connections.
	ConnectionTimes Histogram
	// Events counts the events delivered, including comments and retry events.
	Events int64
	// Unterminated counts the events dropped because their response ended without a blank
	// line after them; see [WithUnterminatedEvent].
	Unterminated int64
	// Bytes counts the bytes of bodies that were read, as net/http returns them.
	Bytes int64
	// Processing is the time that consumers took: from the end of each read to the
	// beginning of the next one on the same connection, when all events read have been
	// consumed.
	Processing time.Duration
	// Lag is how long the bytes read last have been waiting for the consumer. It is 0 while
	// the stream waits for the server. Of several streams it is the longest.
	Lag time.Duration
	// LastEventID is the ID of the last event, and LastEventAt the time when its last byte
	// was read.
	LastEventID string
	LastEventAt time.Time
}

// Stats returns the current counts. The caller owns the result.
func (m *Meter) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := m.ended.clone()
	sum.add(newStats()) // m.ended has no bounds until a stream has ended
	for s := range m.running {
		sum.add(s.now())
	}
	return sum
}

// newStats returns zero counts.
func newStats() Stats {
	return Stats{ConnectTimes: newHistogram(connectBounds[:]), ConnectionTimes: newHistogram(connectionBounds[:])}
}

// clone returns a copy that shares no mutable state.
func (s *Stats) clone() Stats {
	c := *s
	c.Outcomes = maps.Clone(c.Outcomes)
	c.ConnectTimes = c.ConnectTimes.clone()
	c.ConnectionTimes = c.ConnectionTimes.clone()
	return c
}

// add adds the counts of other streams.
func (s *Stats) add(o Stats) {
	s.Streams += o.Streams
	s.Connections += o.Connections
	s.Completed += o.Completed
	s.Failed += o.Failed
	s.Attempts += o.Attempts
	s.Connects += o.Connects
	s.Reconnects += o.Reconnects
	for outcome, n := range o.Outcomes {
		if s.Outcomes == nil {
			s.Outcomes = map[Outcome]int64{}
		}
		s.Outcomes[outcome] += n
	}
	s.ConnectTimes.add(o.ConnectTimes)
	s.ConnectionTimes.add(o.ConnectionTimes)
	s.Events += o.Events
	s.Unterminated += o.Unterminated
	s.Bytes += o.Bytes
	s.Processing += o.Processing
	s.Lag = max(s.Lag, o.Lag)
	if o.LastEventAt.After(s.LastEventAt) {
		s.LastEventID, s.LastEventAt = o.LastEventID, o.LastEventAt
	}
}

// A streamMeter counts one stream for a [Meter]. It has its own lock, so streams that share
// a Meter do not wait for each other.
type streamMeter struct {
	meter *Meter

	mu        sync.Mutex
	stats     Stats
	beganAt   time.Time // of the current attempt: when it began, and when the server accepted
	openedAt  time.Time
	readAt    time.Time // the end of the last read, zero before the first of a connection
	isReading bool
}

// newStreamMeter counts one more stream.
func newStreamMeter(m *Meter) *streamMeter {
	s := &streamMeter{meter: m, stats: newStats()}
	s.stats.Streams = 1
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running == nil {
		m.running = map[*streamMeter]struct{}{}
	}
	m.running[s] = struct{}{}
	return s
}

// now returns the current counts of the stream.
func (m *streamMeter) now() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	stats := m.stats.clone()
	if !m.isReading && !m.readAt.IsZero() {
		stats.Lag = time.Since(m.readAt)
	}
	return stats
}

func (m *streamMeter) observe(c change) {
	if c.kind == closed {
		m.close()
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	stats := &m.stats
	switch c.kind {
	case connecting:
		stats.Attempts++
		m.beganAt = time.Now()
	case connected:
		if stats.Connects++; stats.Connects > 1 {
			stats.Reconnects++
		}
		stats.Connections = 1
		m.openedAt = time.Now()
		if !c.isHandedOver {
			stats.ConnectTimes.observe(m.openedAt.Sub(m.beganAt))
		}
	case attemptEnded:
		if stats.Outcomes == nil {
			stats.Outcomes = map[Outcome]int64{}
		}
		stats.Outcomes[c.end.Outcome]++
		if stats.Connections != 0 {
			stats.ConnectionTimes.observe(time.Since(m.openedAt))
		}
		stats.Connections = 0
		m.readAt = time.Time{}
	case unterminated:
		stats.Unterminated++
	case completed:
		stats.Completed++
	case failed:
		stats.Failed++
	default:
	}
}

// close moves the counts to the Meter when the stream has ended.
func (m *streamMeter) close() {
	m.meter.mu.Lock()
	defer m.meter.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stats.Streams = 0
	m.meter.ended.add(m.stats)
	delete(m.meter.running, m)
}

// delivered counts an event.
func (m *streamMeter) delivered(e codec.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stats.Events++
	m.stats.LastEventAt = m.readAt
	if e.Kind() != codec.KindComment {
		m.stats.LastEventID = e.ID
	}
}

// readBegins counts the time since the last read, which the consumer spent on the events.
func (m *streamMeter) readBegins(lag time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.isReading = true
	m.stats.Processing += lag
}

// readEnds counts the bytes of a read.
func (m *streamMeter) readEnds(n int, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.isReading, m.readAt = false, at
	m.stats.Bytes += int64(n)
}

// A readCounter counts the bytes read from one connection and how long they wait for the
// consumer. It reads the clock twice per read; per event, that would cost more than
// everything else.
type readCounter struct {
	r      io.Reader
	meters []*streamMeter
	bytes  int64
	readAt time.Time // the end of the last read
	maxLag time.Duration
}

func (c *readCounter) Read(p []byte) (int, error) {
	var lag time.Duration
	if !c.readAt.IsZero() {
		lag = time.Since(c.readAt)
	}
	c.maxLag = max(c.maxLag, lag)
	for _, m := range c.meters {
		m.readBegins(lag)
	}
	n, err := c.r.Read(p)
	c.readAt = time.Now()
	c.bytes += int64(n)
	for _, m := range c.meters {
		m.readEnds(n, c.readAt)
	}
	return n, err
}
