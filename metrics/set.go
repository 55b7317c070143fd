package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A Set holds the metrics of streams by name. The zero Set is ready to use. A Set is safe
// for concurrent use and must not be copied after first use.
type Set struct {
	mu           sync.Mutex
	sources      map[string]*source.Meter
	broadcasters map[string][]*sink.Broadcaster
	commits      map[string]*commits
	dropped      map[string]*atomic.Int64
}

// Source returns an option that counts what a stream does. Metrics of streams with the same
// name are summed.
func (s *Set) Source(name string) source.Option {
	s.mu.Lock()
	defer s.mu.Unlock()
	return source.WithMeter(get(&s.sources, valid(name)))
}

// Broadcaster adds the metrics of b, and returns b. Metrics of broadcasters with the same
// name are summed. The Set keeps b in memory. Broadcaster panics if b is nil.
func (s *Set) Broadcaster(name string, b *sink.Broadcaster) *sink.Broadcaster {
	argument.MustNotBeNil("metrics: Broadcaster: b", b == nil)
	name = valid(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broadcasters == nil {
		s.broadcasters = map[string][]*sink.Broadcaster{}
	}
	if !slices.Contains(s.broadcasters[name], b) {
		s.broadcasters[name] = append(s.broadcasters[name], b)
	}
	return b
}

// Dropped returns an option that counts the items that [operators.Buffer],
// [operators.Share] or [operators.Replay] drops.
func (s *Set) Dropped(name string) operators.OverflowOption {
	s.mu.Lock()
	defer s.mu.Unlock()
	return operators.CountDropped(get(&s.dropped, valid(name)))
}

// valid returns name with invalid UTF-8 replaced, which would make Prometheus fail to
// collect the metrics of the whole program.
func valid(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// get returns the map entry of a name, adding one if there is none.
func get[T any](m *map[string]*T, name string) *T {
	if *m == nil {
		*m = map[string]*T{}
	}
	if (*m)[name] == nil {
		(*m)[name] = new(T)
	}
	return (*m)[name]
}

// Samples returns the current value of every metric, in the order of [Definitions] and then
// of the names.
func (s *Set) Samples() []Sample {
	s.mu.Lock()
	sources, commits, dropped := maps.Clone(s.sources), maps.Clone(s.commits), maps.Clone(s.dropped)
	broadcasters := map[string][]*sink.Broadcaster{}
	for name, list := range s.broadcasters {
		broadcasters[name] = slices.Clone(list)
	}
	s.mu.Unlock()

	c := collection{}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		c.source(name, sources[name].Stats())
	}
	for _, name := range slices.Sorted(maps.Keys(broadcasters)) {
		c.broadcast(name, broadcasters[name])
	}
	for _, name := range slices.Sorted(maps.Keys(commits)) {
		c.commit(name, commits[name].read())
	}
	for _, name := range slices.Sorted(maps.Keys(dropped)) {
		c.add(droppedItems, name, float64(dropped[name].Load()))
	}
	slices.SortStableFunc(c.samples, func(a, b Sample) int { return a.index - b.index })
	return c.samples
}
