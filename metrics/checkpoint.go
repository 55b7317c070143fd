package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/rxsse/rxsse/source"
)

// Checkpoint returns a checkpoint that stores positions in c and counts the saves. Pass it
// to sink.Commit, and to source.WithCheckpoint, so that the Set knows the loaded position.
//
// The commit lag is the time since the oldest event without a saved position was delivered.
// It requires [Set.Source] with the same name. The Set notices that event only when the
// metrics are read or a position is saved, so the lag may be too short by the time between
// two readings.
//
// For sink.Transact, whose work stores the positions, pass nil for c, and call Save of the
// result after each successful transaction.
func (s *Set) Checkpoint(name string, c source.Checkpoint) source.Checkpoint {
	name = valid(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	commits := get(&s.commits, name)
	if commits.newest == nil { // set once: another goroutine may be reading it
		commits.newest = func() source.Stats { return s.newest(name) }
	}
	return &checkpoint{c, commits}
}

// newest returns the counts of the streams with a name.
func (s *Set) newest(name string) source.Stats {
	s.mu.Lock()
	meter := s.sources[name]
	s.mu.Unlock()
	if meter == nil {
		return source.Stats{}
	}
	return meter.Stats()
}

// A checkpoint counts the positions that it passes to another checkpoint.
type checkpoint struct {
	to      source.Checkpoint // nil: nothing is stored
	commits *commits
}

// Load returns the position that was saved last.
func (c *checkpoint) Load(ctx context.Context) (string, error) {
	if c.to == nil {
		return "", nil
	}
	id, err := c.to.Load(ctx)
	if err == nil {
		c.commits.loaded(id)
	}
	return id, err
}

// Save saves a position.
func (c *checkpoint) Save(ctx context.Context, lastEventID string) error {
	begin := time.Now()
	var err error
	if c.to != nil {
		err = c.to.Save(ctx, lastEventID)
	}
	c.commits.saved(lastEventID, time.Since(begin), err)
	return err
}

// commits count the positions that are saved under one name.
type commits struct {
	newest func() source.Stats // of the stream, for the lag

	mu          sync.Mutex // locked before those of the Set and of the stream
	stats       commitStats
	behindSince time.Time // zero: no event is known to follow the position
}

type commitStats struct {
	saves, failures int64
	saving          time.Duration
	savedAt         time.Time
	position        string
	lag             time.Duration
}

func (c *commits) loaded(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stats.saves == 0 {
		c.stats.position = id
	}
}

func (c *commits) saved(id string, took time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.saving += took
	if err != nil {
		c.stats.failures++
		return
	}
	c.stats.saves++
	c.stats.position, c.stats.savedAt = id, time.Now()
	c.behindSince = time.Time{}
	if newest := c.newest().LastEventID; newest != "" && newest != id {
		c.behindSince = c.stats.savedAt
	}
}

func (c *commits) read() commitStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats, newest := c.stats, c.newest()
	if newest.LastEventID == "" || newest.LastEventID == stats.position {
		return stats
	}
	if c.behindSince.IsZero() {
		c.behindSince = newest.LastEventAt
	}
	stats.lag = time.Since(c.behindSince)
	return stats
}
