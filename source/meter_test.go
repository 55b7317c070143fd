package source_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestMeter(t *testing.T) {
	const one, two = "id: 1\ndata: a\n\n", "id: 2\ndata: b\n\n: ping\n\n"
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Raw(one)
		case 2:
			c.Answer(http.StatusServiceUnavailable, "busy")
		case 3:
			c.Raw(two)
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var meter source.Meter
		assert.Zero(t, meter.Stats().Attempts)
		start := time.Now()
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithMeter(&meter), source.WithComments(true)))
		require.NoError(t, err)
		got := meter.Stats()
		assert.EqualValues(t, 2, got.ConnectTimes.Counts[0])
		assert.EqualValues(t, 2, got.ConnectionTimes.Counts[0])
		got.ConnectTimes, got.ConnectionTimes = source.Histogram{}, source.Histogram{}
		assert.Equal(t, source.Stats{
			Completed: 1, Attempts: 4, Connects: 2, Reconnects: 1, Events: 3, Bytes: int64(len(one + two)),
			Outcomes:    map[source.Outcome]int64{source.OutcomeEnded: 2, source.OutcomeRefused: 1, source.OutcomeNoContent: 1},
			LastEventID: "2", LastEventAt: start.Add(6 * time.Second),
		}, got)
	})
}

// A change of the reconnection time has a position, which Commit saves: a meter that ignored
// it would report a lag that no save ends. A comment has none.
func TestPositionOfARetryEvent(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Raw("id: 1\ndata: a\n\nid: 2\nretry: 100\n\n: ping\n\n")
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var meter source.Meter
		session, err := client.Open(t.Context(), server.URL(), source.WithMeter(&meter), source.WithRetryEvents(true), source.WithComments(true))
		require.NoError(t, err)
		defer session.Close()
		for e, err := range session.Events() {
			require.NoError(t, err)
			if e.Kind() == codec.KindComment {
				break
			}
			assert.Equal(t, e.ResumeID(), session.LastEventID())
			assert.Equal(t, e.ResumeID(), meter.Stats().LastEventID)
		}
		assert.Equal(t, "2", session.LastEventID())
		assert.Equal(t, "2", meter.Stats().LastEventID)
	})
}

// A program that has no meter or trace to give may give nil.
func TestNilMeterAndTrace(t *testing.T) {
	within(t, ssetest.Replay(numbered(1)), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithMeter(nil), source.WithTrace(nil)))
		require.NoError(t, err)
		assert.Equal(t, numbered(1), events)
	})
}

// What is open and how far the consumer is behind can be read while the stream runs.
func TestMeterWhileTheStreamRuns(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N > 1 {
			c.Answer(http.StatusForbidden, "no")
		}
		c.Sleep(2 * time.Second)
		c.Raw("id: 1\ndata: a\n\nid: 2\ndata: b\n\n") // with one read
		c.Sleep(time.Minute)
	}, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
		var meter, other source.Meter
		client := source.NewClient(source.WithHTTPClient(server.Client()), exactly, source.WithMeter(&meter))
		at := make(chan source.Stats, 5)
		look := func() { at <- meter.Stats() }
		time.AfterFunc(time.Second, look)    // while it connects
		time.AfterFunc(6*time.Second, look)  // while the consumer works on the first event
		time.AfterFunc(13*time.Second, look) // while it waits for the server
		time.AfterFunc(63*time.Second, look) // while it waits to connect again
		_, err := sink.Collect(t.Context(), operators.Tap(client.Observe(server.URL(), source.WithMeter(&other), source.WithMeter(&meter)), func(codec.Event) {
			time.Sleep(5 * time.Second)
		}))
		require.ErrorIs(t, err, source.ErrStatus)
		type now struct {
			streams, connections    int
			lag, processing, waited time.Duration
		}
		var got []now
		at <- meter.Stats()
		for range cap(at) {
			s := <-at
			got = append(got, now{s.Streams, s.Connections, s.Lag, s.Processing, s.ConnectTimes.Sum})
		}
		assert.Equal(t, []now{
			{1, 0, 0, 0, 0},
			{1, 1, 4 * time.Second, 0, 2 * time.Second},
			{1, 1, 0, 10 * time.Second, 2 * time.Second},
			{1, 0, 0, 10 * time.Second, 2 * time.Second},
			{0, 0, 0, 10 * time.Second, 2 * time.Second},
		}, got)
		assert.EqualValues(t, 1, meter.Stats().Failed)
		assert.Equal(t, meter.Stats(), other.Stats(), "those of the client and of the stream count the same")
	})
}

// A meter adds up the streams that use it, and can be read meanwhile.
func TestMeterOfManyStreams(t *testing.T) {
	within(t, ssetest.Replay(numbered(100)), func(t *testing.T, server *ssetest.Server, _ *source.Client) {
		var meter source.Meter
		client := source.NewClient(source.WithHTTPClient(server.Client()), source.WithMeter(&meter))
		var streams sync.WaitGroup
		for range 8 {
			streams.Go(func() {
				for range client.Observe(server.URL())(t.Context()) {
					assert.LessOrEqual(t, meter.Stats().Events, int64(800))
				}
			})
		}
		streams.Wait()
		assert.EqualValues(t, 800, meter.Stats().Events)
		assert.EqualValues(t, 8, meter.Stats().Connects)
		assert.Zero(t, meter.Stats().Reconnects)
	})
}

// A meter adds up the counts of ended and of running streams.
func TestMeterAddsUp(t *testing.T) {
	const one, two = "id: 1\ndata: a\n\ndata: half", "id: 2\ndata: b\n\n"
	within(t, func(c *ssetest.Conn) {
		switch c.N % 4 {
		case 1:
			c.Sleep(time.Second)
			c.Raw(one)
		case 2:
			c.Answer(http.StatusServiceUnavailable, "busy")
		case 3:
			c.Raw(two)
		default:
			c.Answer([]int{http.StatusNoContent, http.StatusGone}[c.N/4%2], "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var meter source.Meter
		var read time.Time
		observe := func(events int) {
			for _, err := range client.Observe(server.URL(), source.WithMeter(&meter))(t.Context()) {
				if err != nil {
					return
				}
				read = time.Now()
				time.Sleep(time.Second)
				if events--; events == 0 {
					want := source.Stats{
						Streams: 1, Connections: 1, Completed: 2, Failed: 2, Attempts: 19, Connects: 10, Reconnects: 5, Events: 10, Unterminated: 5,
						Outcomes: map[source.Outcome]int64{source.OutcomeEnded: 9, source.OutcomeRefused: 7, source.OutcomeNoContent: 2},
						Bytes:    int64(5 * len(one+two)), Processing: 9 * time.Second, Lag: time.Second, LastEventID: "2", LastEventAt: read,
					}
					got := meter.Stats()
					assert.Equal(t, got, meter.Stats(), "reading changes nothing")
					assert.Equal(t, 5*time.Second, got.ConnectTimes.Sum)
					assert.Equal(t, 9*time.Second, got.ConnectionTimes.Sum)
					assert.EqualValues(t, 5, got.ConnectTimes.Counts[0])
					assert.EqualValues(t, 5, got.ConnectTimes.Counts[slices.Index(got.ConnectTimes.Bounds, time.Second)])
					assert.EqualValues(t, 9, got.ConnectionTimes.Counts[0])
					got.ConnectTimes, got.ConnectionTimes = source.Histogram{}, source.Histogram{}
					assert.Equal(t, want, got)
					return
				}
			}
		}
		for range 4 {
			observe(-1)
		}
		observe(2)
	})
}

// A session can be asked for its position while it is read.
func TestLastEventIDWhileReading(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		for _, e := range numbered(100) {
			c.Send(e)
			c.Send(codec.Event{Comment: " none of its own"})
			c.Sleep(time.Second)
		}
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		session, err := client.Open(t.Context(), server.URL(), source.WithComments(true))
		require.NoError(t, err)
		var reader sync.WaitGroup
		reader.Go(func() { _, _ = rest(session) })
		time.Sleep(9 * time.Second)
		synctest.Wait()
		assert.Equal(t, "10", session.LastEventID())
		require.NoError(t, session.Close())
		reader.Wait()
	})
}
