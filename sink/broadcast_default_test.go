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

// The defaults of a Broadcaster and of Serve are those of their documentation.
func TestDefaultHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		published, _, _ := connect(t, b, "/")
		served, leave, end := serving(t, letters("-"))
		for _, c := range []*conn{published, served} {
			assert.Equal(t, ":", c.opening(), "no reconnection time")
			assert.Empty(t, c.body())
		}
		time.Sleep(15*time.Second - 1)
		synctest.Wait()
		for _, c := range []*conn{published, served} {
			assert.Empty(t, c.body())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		for _, c := range []*conn{published, served} {
			assert.Equal(t, ":\n", c.body())
		}
		leave(errGone)
		assert.Equal(t, errGone, <-end)
		finish(t, b)
	})
}

func TestDefaultWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		published, _, gone := connect(t, b, "/")
		served, _, end := serving(t, letters("-a"))
		for _, c := range []*conn{published, served} {
			assert.Equal(t, 2*time.Minute, time.Until(c.deadline), "twice one minute")
			c.hold()
		}
		require.NoError(t, b.Send(t.Context(), event("1")))
		<-gone
		require.Error(t, <-end)
		assert.EqualValues(t, 1, b.Stats().Left[sink.LeftTimedOut])
	})
}

func TestDefaultHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		require.NoError(t, b.Send(t.Context(), numbered(1, 2000)...))
		c, _, _ := connect(t, b, "/", "Last-Event-ID", "none")
		events := decode(t, c.all())
		require.Len(t, events, 1024)
		assert.Equal(t, "2000", events[1023].ID)
		finish(t, b)
	})
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		e := codec.Event{Data: strings.Repeat("x", 1<<20-len("data: \n\n")-len("id: 1\n")), ID: "1"}
		require.Len(t, e.String(), 1<<20)
		for range 10 {
			require.NoError(t, b.Send(t.Context(), e))
		}
		c, _, _ := connect(t, b, "/", "Last-Event-ID", "none")
		assert.Len(t, c.body(), 8<<20)
		finish(t, b)
	})
}

func TestDefaultRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		finish(t, b)
		seen := map[string]bool{}
		for range 1000 {
			c, _, _ := connect(t, b, "/")
			require.Equal(t, http.StatusServiceUnavailable, c.status)
			seen[c.header.Get("Retry-After")] = true
		}
		assert.Equal(t, map[string]bool{"6": true, "7": true, "8": true}, seen, "from 5 s to 7.5 s, in whole seconds that are not too few")
	})
}

// Delivery takes no lock: a client gets what is in the history while all locks are held.
func TestDeliveryTakesNoLock(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(sink.WithSlowClients(policy), sink.WithClient(func(*http.Request) (sink.ClientConfig, error) {
					return sink.ClientConfig{Group: "all", Filter: func(e codec.Event) bool { return e.ID != "5" }}, nil
				}))
				c, _, _ := connect(t, b, "/")
				release := c.hold()
				send(t, b, idsFrom(1, 9)...)
				unlock := sink.LockAll(b)
				release()
				synctest.Wait()
				assert.Equal(t, wires("1", "2", "3", "4", "6", "7", "8", "9"), c.body())
				unlock()
				finish(t, b)
			})
		})
	}
}
