package sink_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

var policies = map[string]sink.SlowClients{
	"disconnect": sink.DisconnectClients, "skip": sink.SkipEvents, "wait": sink.WaitForClients,
}

func TestSlowClients(t *testing.T) {
	t.Run("disconnect", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20))
			slow, _, gone := connect(t, b, "/")
			fast, _, _ := connect(t, b, "/")
			release := slow.hold()
			send(t, b, "1", "2", "3", "4", "5")
			assert.Equal(t, wires("1", "2", "3", "4", "5"), fast.body())
			release()
			<-gone
			assert.Equal(t, wires("1"), slow.body(), "the event that was being written")
			assert.EqualValues(t, 1, b.Stats().Left[sink.LeftTooSlow])
			finish(t, b)
		})
	})
	t.Run("skip", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20), sink.WithSlowClients(sink.SkipEvents))
			slow, _, _ := connect(t, b, "/")
			release := slow.hold()
			send(t, b, "1", "2", "3", "4", "5", "6")
			release()
			settle()
			assert.Equal(t, wires("1", "4", "5", "6"), slow.body())
			assert.EqualValues(t, 2, b.Stats().Skipped)
			finish(t, b)
		})
	})
	t.Run("wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20), sink.WithSlowClients(sink.WaitForClients),
				sink.WithWriteTimeout(time.Hour), sink.WithHeartbeat(time.Hour))
			slow, _, _ := connect(t, b, "/")
			fast, _, _ := connect(t, b, "/")
			release := slow.hold()
			time.AfterFunc(time.Minute, release)
			start := time.Now()
			require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(1, 20))...))
			assert.Equal(t, time.Minute, time.Since(start))
			settle()
			assert.Equal(t, wires(idsFrom(1, 20)...), slow.body())
			assert.Equal(t, wires(idsFrom(1, 20)...), fast.body())
			finish(t, b)
		})
	})
}

// A publisher that waits stops when its context is cancelled or the broadcast ends.
func TestPublisherWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20), sink.WithSlowClients(sink.WaitForClients), sink.WithWriteTimeout(time.Hour))
		slow, _, gone := connect(t, b, "/")
		slow.hold()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
		defer cancel()
		assert.Equal(t, errGone, b.Publish(ctx, just(make([]codec.Event, 10)...)))
		blocked := make(chan error, 2)
		go func() { blocked <- b.Send(t.Context(), event("x"), event("y"), event("z")) }()
		synctest.Wait()
		assert.Equal(t, errGone, b.Send(ctx, event("u")), "it waits for its turn")
		ctx, cancel = context.WithTimeoutCause(t.Context(), time.Second, errGone)
		defer cancel()
		assert.Equal(t, errGone, b.Shutdown(ctx))
		assert.ErrorIs(t, <-blocked, sink.ErrBroadcastEnded)
		<-gone
	})
}

// A client that does not read at all is disconnected, and holds up publishers for no
// longer than the policy says.
func TestClientThatDoesNotRead(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(sink.WithSlowClients(policy), sink.WithHistory(2, 1<<20), sink.WithWriteTimeout(time.Minute))
				stuck, _, gone := connect(t, b, "/")
				stuck.hold()
				start := time.Now()
				require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(1, 9))...))
				if policy == sink.WaitForClients {
					assert.Equal(t, 2*time.Minute, time.Since(start))
				} else {
					assert.Equal(t, 50*time.Millisecond, time.Since(start))
				}
				<-gone
				assert.Equal(t, 2*time.Minute, time.Since(start))
				finish(t, b)
			})
		})
	}
}

// Under WaitForClients, a publisher does not wait endlessly for a client whose deadlines
// are hidden by middleware.
func TestClientThatDoesNotReadBehindMiddleware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithSlowClients(sink.WaitForClients), sink.WithHistory(2, 1<<20),
			sink.WithWriteTimeout(time.Minute), sink.WithHeartbeat(time.Hour))
		good, _, _ := connect(t, b, "/")
		stuck := newConn()
		_, gone := connectWith(t, b, flushing{stuck}, "/")
		release := stuck.hold()
		start := time.Now()
		send(t, b, idsFrom(1, 9)...)
		assert.Less(t, time.Since(start), 2*time.Minute+time.Second)
		assert.Equal(t, wires(idsFrom(1, 9)...), good.body())
		release()
		<-gone
		assert.EqualValues(t, 1, b.Stats().Left[sink.LeftTimedOut])
		finish(t, b)
	})
}

// A client that waits for events is not slow, however many are sent at once.
func TestBurst(t *testing.T) {
	for name, policy := range policies {
		for how, batch := range map[string]int{"one Send": 3000, "many": 1} {
			t.Run(name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := sink.NewBroadcaster(sink.WithHistory(10, 1<<20), sink.WithSlowClients(policy))
					c, _, _ := connect(t, b, "/")
					filtered, _, _ := connect(t, b, "/?type=other")
					start := time.Now()
					events := eventsOf(idsFrom(1, 3000))
					for len(events) > 0 {
						require.NoError(t, b.Send(t.Context(), events[:batch]...))
						events = events[batch:]
					}
					assert.Less(t, time.Since(start), time.Second, "clients are woken as soon as they are waited for")
					settle()
					assert.Equal(t, wires(idsFrom(1, 3000)...), c.body())
					assert.NotContains(t, filtered.body(), "data:")
					assert.Equal(t, 2, b.Stats().Clients)
					finish(t, b)
				})
			})
		}
	}
}

// Publishers that wait for a client wake no other goroutine meanwhile.
func TestPublishersWaitQuietly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(1, 1<<20), sink.WithSlowClients(sink.WaitForClients), sink.WithWriteTimeout(time.Hour))
		c, _, _ := connect(t, b, "/")
		release := c.hold()
		var publishers sync.WaitGroup
		for i := range 3 {
			publishers.Go(func() {
				for j := range 5 {
					assert.NoError(t, b.Send(t.Context(), codec.Event{Data: fmt.Sprint(i, j)}))
				}
			})
		}
		synctest.Wait() // does not return while they wake each other
		time.Sleep(time.Minute)
		release()
		publishers.Wait()
		settle()
		assert.Equal(t, 15, strings.Count(c.body(), "data: "))
		finish(t, b)
	})
}

// A filter that takes its time over a large history holds up no publisher, and no client
// that joins or leaves.
func TestSlowFilterHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const history = 5000
		b := sink.NewBroadcaster(sink.WithHistory(2*history, 1<<30), sink.WithClient(func(r *http.Request) (sink.ClientConfig, error) {
			if r.URL.Path != "/slow" {
				return sink.ClientConfig{}, nil
			}
			return sink.ClientConfig{Filter: func(codec.Event) bool { time.Sleep(time.Millisecond); return false }}, nil
		}))
		require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(1, history))...))
		slow, _, gone := connect(t, b, "/slow", "Last-Event-ID", "none")
		start := time.Now()
		other, leave, left := connect(t, b, "/")
		require.NoError(t, b.Send(t.Context(), event("x")))
		synctest.Wait()
		assert.Equal(t, wires("x"), other.body())
		leave()
		<-left
		assert.Zero(t, time.Since(start))
		require.NoError(t, b.Complete(t.Context()))
		<-gone
		assert.NotContains(t, slow.body(), "data:")
		again, _, over := connect(t, b, "/slow", "Last-Event-ID", "none")
		start = time.Now()
		_ = b.Stats()
		assert.Zero(t, time.Since(start), "nor while it is asked whether anything is left for a client")
		<-over
		assert.Equal(t, http.StatusNoContent, again.status)
	})
}

// A write to a client that steadily reads 29 KB/s can last 49 s. The default timeout
// keeps the client.
func TestSteadySlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(100_000, 64<<20))
		c, _, _ := connect(t, b, "/")
		c.pace = 49 * time.Second
		for i := range 1000 {
			require.NoError(t, b.Send(t.Context(), codec.Event{ID: fmt.Sprint(i), Data: strings.Repeat("x", 2000)}))
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, 1000, strings.Count(c.body(), "data: "))
		finish(t, b)
	})
}

// A client that reads slowly, but reads, gets an event of any size.
func TestLargeEventForASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithWriteTimeout(10*time.Second), sink.WithHistory(10, 64<<20))
		c, _, _ := connect(t, b, "/")
		c.pace = time.Second
		require.NoError(t, b.Send(t.Context(), codec.Event{ID: "1", Data: strings.Repeat("x", 1<<20)}))
		time.Sleep(time.Minute)
		assert.Greater(t, len(c.body()), 1<<20)
		finish(t, b)
	})
}

// A client that is behind gets all missed events in one write.
func TestEventsAreWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, _ := connect(t, b, "/")
		require.Equal(t, 1, c.flushes, "the header")
		release := c.hold()
		send(t, b, idsFrom(1, 65)...)
		release()
		settle()
		assert.Equal(t, 1+1+1, c.flushes, "the first event, and the others")
		assert.EqualValues(t, 65, b.Stats().Delivered)
		assert.Equal(t, wires(idsFrom(1, 65)...), c.body())
		finish(t, b)
	})
}

// An event's age is measured from when it enters the history, not from when it began to
// wait.
func TestEventAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(1, 1<<20), sink.WithHistoryAge(5*time.Second),
			sink.WithSlowClients(sink.WaitForClients), sink.WithWriteTimeout(time.Hour))
		c, _, _ := connect(t, b, "/")
		release := c.hold()
		send(t, b, "1")
		send(t, b, "2")
		time.AfterFunc(9*time.Second, release)
		send(t, b, "3")
		again, _, _ := connect(t, b, "/", "Last-Event-ID", "2")
		assert.Equal(t, wires("3"), again.body())
		finish(t, b)
	})
}
