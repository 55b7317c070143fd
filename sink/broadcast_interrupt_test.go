package sink_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// Shutdown and Complete with a context that has ended wait for the clients that can leave
// at once: those that have nothing to write, and those whose write has a deadline.
func TestEndWithoutTimeLetsClientsLeave(t *testing.T) {
	plain := func(c *conn) http.ResponseWriter { return flushing{c} } // a write that is under way cannot be ended
	deadlines := func(c *conn) http.ResponseWriter { return c }
	waiting := sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) { return endless(event("2")), nil })
	for name, row := range map[string]struct {
		wrap   func(*conn) http.ResponseWriter
		opts   []sink.BroadcastOption
		header []string
		before func(t *testing.T, b *sink.Broadcaster, c *conn)
		end    func(*sink.Broadcaster, context.Context) error
	}{
		"after the header": {
			wrap: plain, end: (*sink.Broadcaster).Shutdown,
			before: func(*testing.T, *sink.Broadcaster, *conn) {},
		},
		"after an event": {
			wrap: plain, end: (*sink.Broadcaster).Complete,
			before: func(t *testing.T, b *sink.Broadcaster, _ *conn) { send(t, b, "1") },
		},
		"after a heartbeat": {
			wrap: plain, end: (*sink.Broadcaster).Shutdown,
			before: func(*testing.T, *sink.Broadcaster, *conn) { time.Sleep(time.Minute); synctest.Wait() },
		},
		"in a write": {
			wrap: deadlines, end: (*sink.Broadcaster).Shutdown,
			before: func(t *testing.T, b *sink.Broadcaster, c *conn) { c.hold(); send(t, b, "1") },
		},
		"in a replay that waits, on Shutdown": {
			wrap: plain, end: (*sink.Broadcaster).Shutdown, opts: []sink.BroadcastOption{waiting}, header: []string{"Last-Event-ID", "1"},
			before: func(*testing.T, *sink.Broadcaster, *conn) {},
		},
		"in a replay that waits, on Complete": {
			wrap: plain, end: (*sink.Broadcaster).Complete, opts: []sink.BroadcastOption{waiting}, header: []string{"Last-Event-ID", "1"},
			before: func(*testing.T, *sink.Broadcaster, *conn) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(row.opts...)
				c := newConn()
				_, gone := connectWith(t, b, row.wrap(c), "/", row.header...)
				row.before(t, b, c)
				ctx, cancel := context.WithCancelCause(t.Context())
				cancel(errGone)
				start := time.Now()
				assert.Equal(t, errGone, row.end(b, ctx))
				assert.Zero(t, b.Stats().Clients, "it has left by then")
				assert.Zero(t, time.Since(start))
				<-gone
			})
		})
	}
}

// A publisher that waits for a client stops when the broadcast ends, though the client
// stays.
func TestPublisherStopsAtTheEndOfTheBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(1, 1<<20), sink.WithSlowClients(sink.WaitForClients), sink.WithWriteTimeout(time.Hour))
		c, _, gone := connect(t, b, "/")
		release := c.hold()
		sent := make(chan error, 1)
		go func() { sent <- b.Send(t.Context(), eventsOf(idsFrom(1, 5))...) }()
		synctest.Wait()
		start := time.Now()
		b.BeginShutdown()
		require.ErrorIs(t, <-sent, sink.ErrBroadcastEnded)
		assert.Zero(t, time.Since(start))
		release()
		<-gone
	})
}

// If a client comes back while Complete waits for another one, Complete still notices that
// both have left.
func TestCompleteWhileAClientComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithWriteTimeout(time.Hour))
		first, _, _ := connect(t, b, "/")
		release := first.hold()
		send(t, b, "1", "2")
		completed := make(chan error, 1)
		go func() { completed <- b.Complete(t.Context()) }()
		synctest.Wait()
		again, _, gone := connect(t, b, "/", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, wires("2"), again.body())
		start := time.Now()
		release()
		require.NoError(t, <-completed)
		assert.Zero(t, time.Since(start))
	})
}

// A broadcast that ends while a client's replay is being looked up ends the client too.
func TestBroadcastEndsBeforeTheReplayBegins(t *testing.T) {
	for name, end := range map[string]func(b *sink.Broadcaster){
		"Shutdown": (*sink.Broadcaster).BeginShutdown,
		"Complete": func(b *sink.Broadcaster) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = b.Complete(ctx) // it interrupts the client
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b *sink.Broadcaster
				b = sink.NewBroadcaster(sink.WithHeartbeat(time.Hour), sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) {
					end(b)
					return endless(event("2")), nil
				}))
				start := time.Now()
				_, _, gone := connect(t, b, "/", "Last-Event-ID", "1")
				<-gone
				assert.LessOrEqual(t, time.Since(start), 250*time.Millisecond)
				assert.Equal(t, map[sink.LeaveReason]int64{sink.LeftInterrupted: 1}, b.Stats().Left)
			})
		})
	}
}

// Shutdown ends the First events of a client, which then counts as interrupted.
func TestShutdownEndsFirstEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(always(sink.ClientConfig{First: endless(event("1"))}))
		c, _, gone := connect(t, b, "/")
		finish(t, b)
		<-gone
		assert.Equal(t, wires("1"), c.body())
		assert.Equal(t, map[sink.LeaveReason]int64{sink.LeftInterrupted: 1}, b.Stats().Left)
	})
}
