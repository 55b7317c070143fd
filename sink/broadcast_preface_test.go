package sink_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// First events are sent completely and once, whatever their size.
func TestLargeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first []codec.Event
		var want strings.Builder
		for n := range 300 {
			e := codec.Event{ID: fmt.Sprint(n), Data: strings.Repeat("x", 1000)}
			first = append(first, e)
			want.WriteString(e.String())
		}
		b := sink.NewBroadcaster(always(sink.ClientConfig{First: just(first...)}))
		c, _, _ := connect(t, b, "/")
		assert.True(t, c.body() == want.String(), "%d bytes, not %d", len(c.body()), want.Len())
		assert.EqualValues(t, 300, b.Stats().Delivered)
		finish(t, b)
	})
}

// A comment of a replay is for all clients, a message without a type has the default one.
func TestFilterOfAReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		replayed := just(codec.Event{Comment: "all"}, codec.Event{Data: "a", ID: "2"}, codec.Event{Type: "other", ID: "3"})
		b := sink.NewBroadcaster(sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) { return replayed, nil }))
		typed, _, _ := connect(t, b, "/?type=message", "Last-Event-ID", "1")
		assert.Equal(t, ":all\ndata: a\nid: 2\n\nid: 3\n\n", typed.body(), "and it has passed over the other")
		other, _, _ := connect(t, b, "/?type=other", "Last-Event-ID", "1")
		assert.Equal(t, ":all\nevent: other\ndata:\nid: 3\n\n", other.body())
		finish(t, b)
	})
}

// The write deadline of an HTTP/2 stream ends the stream even while nothing is written.
// There is none while a client waits, for its first events or for live ones, and there is
// one again for the next write.
func TestQuietHTTP2Clients(t *testing.T) {
	slowly := func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for n := range 3 {
				time.Sleep(time.Minute)
				if !yield(event(fmt.Sprint(n)), nil) {
					return
				}
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		b := sink.NewBroadcaster(sink.WithWriteTimeout(time.Second), sink.WithHeartbeat(25*time.Second), always(sink.ClientConfig{First: slowly}))
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		r.ProtoMajor, r.ProtoMinor = 2, 0
		c, gone := newConn(), make(chan struct{})
		go func() {
			defer close(gone)
			b.ServeHTTP(c, r)
		}()
		for range 4 * 60 * 4 {
			time.Sleep(time.Second / 4)
			synctest.Wait()
			c.mu.Lock()
			require.Zero(t, c.deadline)
			c.mu.Unlock()
		}
		assert.Empty(t, c.header.Get("Connection"), "a field of HTTP/1.1")
		send(t, b, "live")
		assert.Contains(t, c.body(), wires("live"))
		c.hold()
		start := time.Now()
		require.NoError(t, b.Send(t.Context(), event("stuck")))
		<-gone
		assert.LessOrEqual(t, time.Since(start), 2*time.Second+2*time.Millisecond, "a client that does not read is disconnected")
		assert.EqualValues(t, 1, b.Stats().Left[sink.LeftTimedOut])
	})
}

// After Complete, a replay continues as long as it delivers an event within each interval
// of the heartbeats.
func TestReplayThatGoesOnAfterComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steady := func(ctx context.Context) iter.Seq2[codec.Event, error] {
			return func(yield func(codec.Event, error) bool) {
				for n := 2; n <= 9; n++ {
					time.Sleep(600 * time.Millisecond)
					if !yield(event(fmt.Sprint(n)), nil) {
						return
					}
				}
				endless()(ctx)(yield)
			}
		}
		b := sink.NewBroadcaster(sink.WithHeartbeat(time.Second), sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) {
			return steady, nil
		}))
		require.NoError(t, b.Complete(t.Context()))
		c, _, gone := connect(t, b, "/", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, wires(idsFrom(2, 9)...), strings.ReplaceAll(c.body(), ":\n", ""))
	})
}

// Publishers wait for a client that changes from a replay to the history, so that it needs
// no further replay.
func TestPublishersWaitForAClientAfterItsReplay(t *testing.T) {
	for _, complete := range []bool{false, true} { // the replay reaches an event of the history, or ends before it
		synctest.Test(t, func(t *testing.T) {
			replays := 0
			last := 3
			if complete {
				last = 2
			}
			b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20), sink.WithHeartbeat(time.Hour),
				sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) {
					replays++
					return just(eventsOf(idsFrom(2, last))...), nil
				}),
				always(sink.ClientConfig{Filter: func(e codec.Event) bool {
					if e.ID > "3" {
						time.Sleep(10 * time.Millisecond) // of 50 that a client has
					}
					return true
				}}))
			require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(1, 5))...))
			c, _, _ := connect(t, b, "/", "Last-Event-ID", "1")
			require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(6, 9))...))
			time.Sleep(time.Second)
			assert.Equal(t, wires(idsFrom(2, 9)...), c.body())
			assert.Equal(t, 1, replays)
			assert.Equal(t, 1, b.Stats().Clients)
			finish(t, b)
		})
	}
}
