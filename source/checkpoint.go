package source

import (
	"context"
	"sync"
)

// A Checkpoint stores how far a program has got with a stream: the ID of the last
// event whose work is done. A source loads it, see [WithCheckpoint]; what comes
// after the work saves it. Its methods may be called by several goroutines.
//
// What was delivered but not saved when a program ends is delivered again: each
// event at least once.
type Checkpoint interface {
	// Load returns the ID that was saved last, "" if none was.
	Load(ctx context.Context) (lastEventID string, err error)
	// Save replaces it. When it returns nil, the ID is stored for good.
	Save(ctx context.Context, lastEventID string) error
}

// WithCheckpoint has each subscription begin after the event whose ID checkpoint
// holds. While it holds none, [WithLastEventID] says where to begin. The stream
// never saves: only the consumer knows when its work is done. If loading fails the
// stream does, with an [Error] that wraps [ErrCheckpoint], rather than begin at
// another place.
func WithCheckpoint(checkpoint Checkpoint) Option {
	return func(c *config) { c.checkpoint = checkpoint }
}

// A MemoryCheckpoint is a [Checkpoint] that lasts as long as the program: for
// subscriptions that come and go, and for tests. The zero MemoryCheckpoint holds no
// ID.
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

// Save keeps the ID.
func (m *MemoryCheckpoint) Save(_ context.Context, lastEventID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id = lastEventID
	return nil
}
