package source

import (
	"io"
	"sync"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A Meter counts what streams do, for whoever gives it to them with [WithMeter]:
// one stream, or several, whose counts it adds up. The zero Meter is ready. It may
// be read at any time, from any goroutine.
type Meter struct {
	mu    sync.Mutex
	stats Stats
}

// WithMeter has m count what the stream does.
func WithMeter(m *Meter) Option { return func(c *config) { c.meter = m } }

// Stats is what a [Meter] has counted so far.
type Stats struct {
	// Attempts is how many times a connection was tried, Connects how many times
	// the server accepted, and Reconnects how many of these were not a stream's
	// first.
	Attempts   int64
	Connects   int64
	Reconnects int64
	// Events is how many events were handed to consumers, comments and retry
	// events included where they were asked for.
	Events int64
	// Unterminated is how many events were dropped because their response has ended
	// without the blank line that ends an event; see [WithUnterminatedEvent].
	Unterminated int64
	// Bytes is how many bytes of bodies were read, after what net/http decompresses.
	Bytes int64
	// LastEventID is that of the last event, and LastEventAt is when the last byte of
	// it was read.
	LastEventID string
	LastEventAt time.Time
}

// Stats returns the counts of one moment.
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
