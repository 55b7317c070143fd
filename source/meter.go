package source

import (
	"io"
	"sync"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A Meter counts what the streams do that are given it with [WithMeter]. If there are
// several, it adds up their counts. The zero Meter is ready to use. Any goroutine may read
// it at any time.
type Meter struct {
	mu    sync.Mutex
	stats Stats
}

// WithMeter makes m count what the stream does.
func WithMeter(m *Meter) Option { return func(c *config) { c.meter = m } }

// Stats is what a [Meter] has counted so far.
type Stats struct {
	// Attempts counts the attempts to connect, Connects those that the server accepted,
	// and Reconnects those of them that were not a stream's first.
	Attempts   int64
	Connects   int64
	Reconnects int64
	// Events counts the events that consumers got, comments and retry events included if
	// the stream delivers them.
	Events int64
	// Unterminated is how many events were dropped because their response has ended
	// without the blank line that ends an event; see [WithUnterminatedEvent].
	Unterminated int64
	// Bytes counts the bytes of bodies that were read, as net/http returns them.
	Bytes int64
	// LastEventID is the ID of the last event, and LastEventAt is when its last byte was
	// read.
	LastEventID string
	LastEventAt time.Time
}

// Stats returns the present counts.
func (m *Meter) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stats
}

// A streamMeter counts for a [Meter] what one stream does.
type streamMeter struct {
	meter     *Meter
	connected bool      // at least once
	readAt    time.Time // the end of the last read
}

func (m *streamMeter) observe(c change) {
	m.meter.mu.Lock()
	defer m.meter.mu.Unlock()
	stats := &m.meter.stats
	switch c.kind {
	case connecting:
		stats.Attempts++
	case connected:
		stats.Connects++
		if m.connected {
			stats.Reconnects++
		}
		m.connected = true
	case unterminated:
		stats.Unterminated++
	default:
	}
}

// delivered counts an event.
func (m *streamMeter) delivered(e codec.Event) {
	m.meter.mu.Lock()
	defer m.meter.mu.Unlock()
	stats := &m.meter.stats
	stats.Events++
	stats.LastEventAt = m.readAt
	if e.Type != "" {
		stats.LastEventID = e.ID
	}
}

// reader returns a reader that counts the bytes read from r. It also reads the clock:
// that would cost more than all else if it were done for each event.
func (m *streamMeter) reader(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		m.readAt = time.Now()
		m.meter.mu.Lock()
		defer m.meter.mu.Unlock()
		m.meter.stats.Bytes += int64(n)
		return n, err
	})
}
