package metrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/metrics"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDisk = errors.New("the disk is full")

// A memory keeps a position, and can fail.
type memory struct {
	id    string
	fails atomic.Bool
	takes time.Duration
}

func (m *memory) Load(context.Context) (string, error) { return m.id, nil }

func (m *memory) Save(_ context.Context, id string) error {
	time.Sleep(m.takes)
	if m.fails.Load() {
		return errDisk
	}
	m.id = id
	return nil
}

// values returns the samples of a stream by name, followed by the label's value.
func values(set *metrics.Set, stream string) map[string]float64 {
	values := map[string]float64{}
	for _, s := range set.Samples() {
		if s.Stream == stream {
			key := s.Name
			if s.Label != "" {
				key += " " + s.LabelValue
			}
			values[key] = s.Value
		}
	}
	return values
}

// within runs a test against a scripted server, in virtual time.
func within(t *testing.T, script func(*ssetest.Conn), test func(t *testing.T, server *ssetest.Server, client *source.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := ssetest.NewMemoryServer(script)
		defer server.Close()
		test(t, server, source.NewClient(source.WithHTTPClient(server.Client()), source.WithBackoff(source.Backoff{Jitter: -1})))
	})
}

// numbered returns n events with the IDs 1, 2, ….
func numbered(n int) []codec.Event {
	events := make([]codec.Event, n)
	for i := range events {
		events[i] = codec.Event{ID: strconv.Itoa(i + 1), Data: "x"}
	}
	return events
}

func TestSource(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Send(numbered(2)...)
			c.Drop()
		case 2:
			c.Answer(http.StatusServiceUnavailable, "busy")
		case 3:
			c.Raw("id: 3\ndata: x\n\ndata: cut off")
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var set metrics.Set
		assert.Empty(t, set.Samples())
		begin := time.Now()
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), set.Source("trades")))
		require.NoError(t, err)
		got := values(&set, "trades")
		assert.Positive(t, got["rxsse.source.received"])
		delete(got, "rxsse.source.received")
		assert.Equal(t, map[string]float64{
			"rxsse.source.streams": 0, "rxsse.source.connections": 0, "rxsse.source.completed": 1, "rxsse.source.failed": 0,
			"rxsse.source.attempts": 4, "rxsse.source.connects": 2, "rxsse.source.reconnects": 1,
			"rxsse.source.outcomes ended": 1, "rxsse.source.outcomes no content": 1, "rxsse.source.outcomes refused": 1,
			"rxsse.source.outcomes broken": 1, "rxsse.source.outcomes connect failed": 0, "rxsse.source.outcomes timed out": 0,
			"rxsse.source.outcomes reconnect requested": 0, "rxsse.source.outcomes cancelled": 0, "rxsse.source.outcomes closed": 0,
			"rxsse.source.connect.duration": 0, "rxsse.source.connection.duration": 0, "rxsse.source.events": 3, "rxsse.source.unterminated_events": 1,
			"rxsse.source.processing": 0, "rxsse.source.lag": 0, "rxsse.source.position": 3,
			"rxsse.source.last_event.timestamp": float64(begin.Add(6*time.Second).UnixMilli()) / 1e3,
		}, got)
	})
}

// The lag of the commits grows while unsaved events arrive, and is 0 when all are saved.
func TestCheckpoint(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		for _, e := range numbered(3) {
			c.Send(e)
			c.Sleep(10 * time.Second)
		}
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var set metrics.Set
		store := &memory{takes: time.Second}
		position := set.Checkpoint("trades", store)
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		done := make(chan error)
		go func() {
			events := client.Observe(server.URL(), source.WithCheckpoint(position), set.Source("trades"))
			done <- sink.Commit(ctx, events, func([]codec.Event) error { return nil }, position)
		}()
		time.Sleep(5 * time.Second) // event 1 is saved
		got := values(&set, "trades")
		assert.EqualValues(t, 1, got["rxsse.commit.saves"])
		assert.EqualValues(t, 1, got["rxsse.commit.saving"])
		assert.EqualValues(t, 1, got["rxsse.commit.position"])
		assert.InDelta(t, float64(begin.Unix()+1), got["rxsse.commit.last_save.timestamp"], 0.001)
		assert.Zero(t, got["rxsse.commit.lag"])

		store.fails.Store(true)
		time.Sleep(5*time.Second + time.Second/2) // event 2 is being saved
		got = values(&set, "trades")
		assert.EqualValues(t, 2, got["rxsse.source.position"])
		assert.InDelta(t, 0.5, got["rxsse.commit.lag"], 0.001)
		require.ErrorIs(t, <-done, errDisk)
		time.Sleep(time.Minute)
		got = values(&set, "trades")
		assert.EqualValues(t, 1, got["rxsse.commit.failures"])
		assert.EqualValues(t, 1, got["rxsse.commit.position"])
		assert.InDelta(t, 61, got["rxsse.commit.lag"], 0.001, "nothing is saved any more")

		store.fails.Store(false)
		require.NoError(t, position.Save(ctx, "2"))
		assert.Zero(t, values(&set, "trades")["rxsse.commit.lag"], "all is saved")
		require.NoError(t, position.Save(ctx, "1"))
		time.Sleep(3 * time.Second)
		assert.InDelta(t, 3, values(&set, "trades")["rxsse.commit.lag"], 0.001, "events that follow are dated at the save")
		cancel()
	})
}

// A position that was loaded counts as saved, and a checkpoint without a store counts what
// a transaction stores.
func TestCheckpointThatIsLoadedOrStoresNothing(t *testing.T) {
	var set metrics.Set
	id, err := set.Checkpoint("loaded", &memory{id: "7"}).Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "7", id)
	assert.EqualValues(t, 7, values(&set, "loaded")["rxsse.commit.position"])
	assert.Zero(t, values(&set, "loaded")["rxsse.commit.saves"])

	position := set.Checkpoint("transact", nil)
	id, err = position.Load(t.Context())
	require.NoError(t, err)
	assert.Empty(t, id)
	require.NoError(t, position.Save(t.Context(), "not a number"))
	got := values(&set, "transact")
	assert.EqualValues(t, 1, got["rxsse.commit.saves"])
	assert.NotContains(t, got, "rxsse.commit.position")
	assert.NotContains(t, got, "rxsse.source.events", "there is no stream of that name")
}

// The sum of a name counts each of its broadcasters.
func TestBroadcastersOfOneName(t *testing.T) {
	var set metrics.Set
	refusing := sink.WithClient(func(*http.Request) (sink.ClientConfig, error) { return sink.ClientConfig{}, errDisk })
	for range 2 {
		b := set.Broadcaster("prices", sink.NewBroadcaster(refusing))
		require.NoError(t, b.Send(t.Context(), codec.Event{Data: "\xff"}))
		b.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	}
	got := values(&set, "prices")
	assert.EqualValues(t, 2, got["rxsse.broadcast.refused"])
	assert.EqualValues(t, 2, got["rxsse.broadcast.repaired_events"])
}

func TestBroadcaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var set metrics.Set
		first, second := set.Broadcaster("prices", sink.NewBroadcaster()), sink.NewBroadcaster(sink.WithMaxClients(1))
		set.Broadcaster("prices", second)
		set.Broadcaster("prices", second) // counted once
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan struct{})
		go func() {
			defer close(left)
			first.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		}()
		synctest.Wait()
		require.NoError(t, first.Send(t.Context(), numbered(3)...))
		require.NoError(t, second.Send(t.Context(), numbered(2)...))
		require.Error(t, second.Send(t.Context(), codec.Event{Type: "a\nb", Data: "x"}))
		synctest.Wait()
		assert.EqualValues(t, 1, values(&set, "prices")["rxsse.broadcast.clients"])
		cancel()
		<-left
		assert.Equal(t, map[string]float64{
			"rxsse.broadcast.clients": 0, "rxsse.broadcast.accepted": 1, "rxsse.broadcast.refused": 0,
			"rxsse.broadcast.left closed": 1, "rxsse.broadcast.left too slow": 0, "rxsse.broadcast.left timed out": 0,
			"rxsse.broadcast.left write failed": 0, "rxsse.broadcast.left source failed": 0, "rxsse.broadcast.left ended": 0,
			"rxsse.broadcast.left interrupted": 0, "rxsse.broadcast.left panicked": 0,
			"rxsse.broadcast.events": 5, "rxsse.broadcast.rejected_events": 1, "rxsse.broadcast.repaired_events": 0,
			"rxsse.broadcast.deliveries": 3, "rxsse.broadcast.skipped_events": 0, "rxsse.broadcast.unknown_ids": 0,
		}, values(&set, "prices"))
		assert.Panics(t, func() { set.Broadcaster("prices", nil) })
	})
}

func TestDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var set metrics.Set
		fast := source.Just(1, 2, 3, 4, 5, 6)
		slow := operators.Tap(operators.Buffer(fast, 2, operators.OverflowDropOldest, set.Dropped("trades")), func(int) { time.Sleep(time.Second) })
		items, err := sink.Collect(t.Context(), slow)
		require.NoError(t, err)
		assert.EqualValues(t, 6-len(items), values(&set, "trades")["rxsse.buffer.dropped_items"])
		assert.Less(t, len(items), 6)
	})
}

// Labels have few values, whatever servers and clients send: no URL, no ID, no error.
func TestLabelsAreBounded(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N == 200 {
			c.Answer(http.StatusNoContent, "")
		}
		c.Send(codec.Event{ID: "secret " + strconv.Itoa(c.N), Data: "secret"})
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var set metrics.Set
		position := set.Checkpoint("trades", nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := sink.Commit(ctx, client.Observe(server.URL()+"/?token=secret", set.Source("trades"), source.WithCheckpoint(position)), func([]codec.Event) error { return nil }, position)
		require.NoError(t, err)
		known := map[string]bool{"": true}
		for _, outcome := range source.Outcomes() {
			known[string(outcome)] = true
		}
		samples := set.Samples()
		assert.Less(t, len(samples), 40)
		for _, s := range samples {
			assert.True(t, known[s.LabelValue], "%s: %q", s.Name, s.LabelValue)
			assert.Equal(t, "trades", s.Stream)
			assert.Equal(t, s.Label == "", s.LabelValue == "", s.Name)
		}
	})
}

// A histogram has a count for each bucket, and the sum in its unit; without connections
// they are zero.
func TestHistograms(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N > 1 {
			c.Answer(http.StatusNoContent, "")
		}
		c.Sleep(300 * time.Millisecond)
		c.Send(numbered(1)...)
		c.Sleep(90 * time.Minute)
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var set metrics.Set
		set.Source("unused")
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), set.Source("trades")))
		require.NoError(t, err)
		type histogram struct {
			stream string
			sum    float64
			bounds map[float64]int64 // those with a count
		}
		got := map[string][]histogram{}
		for _, s := range set.Samples() {
			if s.Kind != metrics.Histogram {
				assert.Nil(t, s.Counts, s.Name)
				continue
			}
			require.Len(t, s.Counts, len(s.Bounds)+1)
			h := histogram{s.Stream, s.Value, map[float64]int64{}}
			for i, n := range s.Counts {
				if n > 0 {
					h.bounds[s.Bounds[i]] = n
				}
			}
			got[s.Name] = append(got[s.Name], h)
		}
		assert.Equal(t, map[string][]histogram{
			"rxsse.source.connect.duration":    {{"trades", 0.3, map[float64]int64{0.5: 1}}, {"unused", 0, map[float64]int64{}}},
			"rxsse.source.connection.duration": {{"trades", 5400, map[float64]int64{7200: 1}}, {"unused", 0, map[float64]int64{}}},
		}, got)
	})
}

func TestDefinitions(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range metrics.Definitions() {
		assert.False(t, seen[d.Name], d.Name)
		seen[d.Name] = true
		assert.Regexp(t, regexp.MustCompile(`^rxsse\.(source|broadcast|commit|buffer)(\.[a-z_]+)+$`), d.Name)
		assert.Regexp(t, regexp.MustCompile(`^(s|By|1|\{[a-z]+\})$`), d.Unit, d.Name)
		assert.Regexp(t, regexp.MustCompile(`^[A-Z].*\.$`), d.Help, d.Name)
	}
	assert.Len(t, seen, 34)
}

// Exporters refuse invalid UTF-8, and Prometheus then exports nothing at all.
func TestNamesAreValidUTF8(t *testing.T) {
	var set metrics.Set
	_, _ = set.Source("a\xffb"), set.Dropped("a\xffb")
	set.Broadcaster("a\xffb", sink.NewBroadcaster())
	set.Checkpoint("a\xffb", &memory{})
	names := map[string]bool{}
	for _, s := range set.Samples() {
		assert.Equal(t, "a\uFFFDb", s.Stream, s.Name)
		names[s.Name] = true
	}
	for _, name := range []string{"rxsse.source.streams", "rxsse.buffer.dropped_items", "rxsse.broadcast.clients", "rxsse.commit.saves"} {
		assert.True(t, names[name], name)
	}
}
