package source

import (
	"context"
	"sync"
)

// A Checkpoint stores how far a program has processed a stream: the ID of the last event
// whose work is done. A source loads it, see [WithCheckpoint]; sinks save it, see
// sink.Commit. Its methods must be safe for concurrent use.
//
// After a restart, events whose work was not saved are delivered again: each event at least
// once.
type Checkpoint interface {
	// Load returns the ID that was saved last, or "" if none was.
	Load(ctx context.Context) (lastEventID string, err error)
	// Save replaces the stored ID. When it returns nil, the ID survives a crash.
	Save(ctx context.Context, lastEventID string) error
}

// WithCheckpoint starts each subscription after the event whose ID checkpoint holds. If it
// holds none, [WithLastEventID] applies.
//
// The source never saves, because only the consumer knows when its work is done. If loading
// fails, the stream fails with an [Error] that wraps [ErrCheckpoint]; it does not start at
// another position. If the server refuses the ID because it no longer has the event, the
// stream fails at each start; see [WithLastEventIDReset].
func WithCheckpoint(checkpoint Checkpoint) Option {
	return func(c *config) { c.checkpoint = checkpoint }
}

// A MemoryCheckpoint is a [Checkpoint] in memory, for tests and for several
// subscriptions in one run of a program. The zero MemoryCheckpoint holds no ID.
type MemoryCheckpoint struct {
	mu sync.Mutex
	id string
}

// Load returns the ID that was saved last.
func (m *MemoryCheckpoint) Load(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id, nil
}

// Save stores the ID.
func (m *MemoryCheckpoint) Save(_ context.Context, lastEventID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id = lastEventID
	return nil
}
