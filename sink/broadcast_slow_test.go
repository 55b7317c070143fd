package sink_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// A client counts as busy while it writes its header and while its filter runs, and holds
// up publishers for no longer than a write does.
func TestBusyClientsHoldUpPublishersBriefly(t *testing.T) {
	for name, join := range map[string]func(t *testing.T, opts ...sink.BroadcastOption) *sink.Broadcaster{
		"the header": func(t *testing.T, opts ...sink.BroadcastOption) *sink.Broadcaster {
			b := sink.NewBroadcaster(opts...)
			c := newConn()
			c.hold()
			connectWith(t, b, c, "/")
			return b
		},
		"the filter": func(t *testing.T, opts ...sink.BroadcastOption) *sink.Broadcaster {
			b := sink.NewBroadcaster(append(opts, always(sink.ClientConfig{Filter: func(codec.Event) bool {
				time.Sleep(time.Minute)
				return false
			}}))...)
			connect(t, b, "/")
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := join(t, sink.WithHistory(2, 1<<20))
				start := time.Now()
				require.NoError(t, b.Send(t.Context(), event("1")))
				synctest.Wait()
				require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(2, 9))...))
				assert.Equal(t, 50*time.Millisecond, time.Since(start))
				time.Sleep(time.Hour)
				assert.Zero(t, b.Stats().Clients)
			})
		})
	}
}

// An event that is being written to a client needs no room in the history: publishers wait
// for the client only when they need the room of the next one.
func TestEventThatIsBeingWrittenMayBeForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(2, 1<<20))
		c, _, _ := connect(t, b, "/")
		release := c.hold()
		start := time.Now()
		require.NoError(t, b.Send(t.Context(), event("1")))
		synctest.Wait()
		require.NoError(t, b.Send(t.Context(), event("2"), event("3")))
		assert.Zero(t, time.Since(start))
		release()
		settle()
		assert.Equal(t, wires("1", "2", "3"), c.body())
		finish(t, b)
	})
}

// A client that is catching up on old events holds up publishers under WaitForClients
// only. Once it has caught up it is like any other.
func TestClientThatCatchesUp(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20), sink.WithSlowClients(policy), sink.WithHeartbeat(time.Hour))
				send(t, b, "1", "2", "3")
				c := newConn()
				connectWith(t, b, c, "/", "Last-Event-ID", "none")
				require.Equal(t, wires("1", "2", "3"), c.body())
				require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(4, 100))...))
				settle()
				assert.Equal(t, wires(idsFrom(1, 100)...), c.body(), "it has caught up, and publishers wait for it")

				behind := newConn()
				behind.pace = 20 * time.Millisecond * (32 << 10) / time.Duration(len(wires("98", "99", "100"))) // 20 ms for the history
				connectWith(t, b, behind, "/", "Last-Event-ID", "none")
				start := time.Now()
				require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(101, 103))...))
				require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(104, 104))...))
				if policy == sink.WaitForClients {
					assert.Positive(t, time.Since(start))
				} else {
					assert.Zero(t, time.Since(start), "it is behind")
				}
				time.Sleep(time.Second)
				if policy == sink.WaitForClients {
					assert.Equal(t, wires(idsFrom(98, 104)...), behind.body())
				}
				finish(t, b)
			})
		})
	}
}

// A client that has skipped events, and still reads slowly, holds up no publisher.
func TestClientThatSkipsIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20), sink.WithSlowClients(sink.SkipEvents))
		c, leave, gone := connect(t, b, "/")
		release := c.hold()
		send(t, b, "1", "2", "3", "4", "5")
		c.mu.Lock()
		c.pace = 20 * time.Millisecond * (32 << 10) / time.Duration(len(wires("3", "4", "5")))
		c.mu.Unlock()
		release()
		synctest.Wait()
		start := time.Now()
		require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(6, 50))...))
		assert.Zero(t, time.Since(start))
		time.Sleep(time.Second)
		skipped := b.Stats().Skipped
		assert.Positive(t, skipped)
		leave()
		<-gone
		assert.Equal(t, skipped, b.Stats().Skipped, "also once it has left")
		finish(t, b)
	})
}

// A client that catches up while events are published is waited for from then on, for
// each event that it has not read.
func TestPublishersWaitForAClientThatHasJustCaughtUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(10, 1<<20), always(sink.ClientConfig{Filter: func(e codec.Event) bool {
			if e.ID == "4" {
				time.Sleep(10 * time.Millisecond)
			}
			return true
		}}))
		send(t, b, "1", "2", "3")
		c := newConn()
		connectWith(t, b, &heldAtTheBody{conn: c}, "/", "Last-Event-ID", "none")
		require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(4, 13))...))
		c.mu.Lock()
		close(c.held)
		c.mu.Unlock()
		synctest.Wait()
		require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(14, 30))...))
		settle()
		assert.Equal(t, wires(idsFrom(1, 30)...), c.body())
		finish(t, b)
	})
}

// heldAtTheBody is a conn that is held up after its first line.
type heldAtTheBody struct {
	*conn

	lines int
}

func (h *heldAtTheBody) Write(p []byte) (int, error) {
	if h.lines++; h.lines == 2 {
		h.hold()
	}
	return h.conn.Write(p)
}

// A client that begins with old events, and then falls out of the history, is too slow.
func TestClientThatBeginsWithTheHistoryAndFallsOutOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20))
		send(t, b, "1", "2", "3")
		c, _, gone := connect(t, b, "/", "Last-Event-ID", "none")
		release := c.hold()
		send(t, b, "4", "5", "6", "7", "8", "9")
		release()
		<-gone
		assert.EqualValues(t, 1, b.Stats().Left[sink.LeftTooSlow])
		finish(t, b)
	})
}

// A sizes records the size of each write.
type sizes struct {
	*conn

	largest, deadlines int
}

func (s *sizes) Write(p []byte) (int, error) {
	s.largest = max(s.largest, len(p))
	return s.conn.Write(p)
}

func (s *sizes) SetWriteDeadline(at time.Time) error {
	s.deadlines++
	return s.conn.SetWriteDeadline(at)
}

// Each piece of a large event has its own time, so a client that takes piece after piece
// is not slow. No piece is larger than 32 KiB, and none is lost.
func TestLargeEventsAreWrittenInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(2, 64<<20))
		c := &sizes{conn: newConn()}
		connectWith(t, b, c, "/")
		c.pace = 40 * time.Millisecond // for a piece; a client is slow after 50 ms
		large := codec.Event{Data: strings.Repeat("x", 10*(32<<10)+1-len("data: \nid: 1\n\n")), ID: "1"}
		require.Len(t, large.String(), 10*(32<<10)+1)
		require.NoError(t, b.Send(t.Context(), large))
		synctest.Wait()
		require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(2, 4))...))
		settle()
		time.Sleep(time.Second)
		assert.Equal(t, large.String()+wires("2", "3", "4"), c.body())
		assert.Equal(t, 32<<10, c.largest)
		finish(t, b)
	})
}

// The write deadline is extended once a minute, not with every write.
func TestDeadlinesAreMovedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c := &sizes{conn: newConn()}
		connectWith(t, b, c, "/")
		for range 59 {
			time.Sleep(time.Second)
			require.NoError(t, b.Send(t.Context(), codec.Event{Data: "x"}))
		}
		settle()
		assert.Equal(t, 1, c.deadlines)
		time.Sleep(2 * time.Second)
		require.NoError(t, b.Send(t.Context(), codec.Event{Data: "x"}))
		settle()
		assert.Equal(t, 2, c.deadlines)
		finish(t, b)
	})
}

// The events of one Send stay together, even if others publish meanwhile.
func TestEventsOfOneSendStayTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(1, 1<<20), sink.WithSlowClients(sink.WaitForClients), sink.WithWriteTimeout(time.Hour))
		c, _, _ := connect(t, b, "/")
		release := c.hold()
		sent := make(chan error, 2)
		go func() { sent <- b.Send(t.Context(), eventsOf(idsFrom(1, 5))...) }()
		synctest.Wait()
		go func() { sent <- b.Send(t.Context(), event("other")) }()
		synctest.Wait()
		release()
		require.NoError(t, <-sent)
		require.NoError(t, <-sent)
		settle()
		assert.Equal(t, wires("1", "2", "3", "4", "5", "other"), c.body())
		finish(t, b)
	})
}

// An event is held for exactly its age, and no longer.
func TestHistoryAgeIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistoryAge(time.Minute))
		require.NoError(t, b.Send(t.Context(), event("1")))
		time.Sleep(time.Minute)
		now, _, _ := connect(t, b, "/", "Last-Event-ID", "none")
		assert.Equal(t, wires("1"), now.body())
		require.NoError(t, b.Send(t.Context(), event("2")))
		again, _, _ := connect(t, b, "/", "Last-Event-ID", "none")
		assert.Equal(t, wires("1", "2"), again.body())
		time.Sleep(time.Nanosecond)
		later, _, _ := connect(t, b, "/", "Last-Event-ID", "none")
		assert.Equal(t, wires("2"), later.body())
		finish(t, b)
	})
}

// A client behind middleware that can be unwrapped gets events.
func TestBehindMiddlewareThatCanBeUnwrapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c := newConn()
		connectWith(t, b, middleware{http.ResponseWriter(c)}, "/")
		send(t, b, "1")
		assert.Equal(t, wires("1"), c.body())
		finish(t, b)
	})
}
