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

func (m *Meter) connecting() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stats.Attempts++
}

func (m *Meter) open(again bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stats.Connects++
	if again {
		m.stats.Reconnects++
	}
}

func (m *Meter) event(e codec.Event, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stats.Events++
	m.stats.LastEventAt = at
	if e.Type != "" {
		m.stats.LastEventID = e.ID
	}
}

// A meteredReader counts the bytes it reads. It also looks at the clock, which would
// cost more than all else if it were done for each event.
type meteredReader struct {
	r     io.Reader
	meter *Meter
	at    time.Time // of the last read
}

func (r *meteredReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.at = time.Now()
	r.meter.mu.Lock()
	defer r.meter.mu.Unlock()
	r.meter.stats.Bytes += int64(n)
	return n, err
}
