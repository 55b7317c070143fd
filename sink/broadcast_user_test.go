package sink_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// always returns a function for WithClient that gives each request the same Client.
func always(c sink.ClientConfig) sink.BroadcastOption {
	return sink.WithClient(func(*http.Request) (sink.ClientConfig, error) { return c, nil })
}

func TestClientFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithClient(func(r *http.Request) (sink.ClientConfig, error) {
			user := r.Header.Get("User")
			return sink.ClientConfig{Filter: func(e codec.Event) bool { return strings.HasPrefix(e.Data, user) }}, nil
		}))
		ann, _, _ := connect(t, b, "/", "User", "ann")
		bob, _, _ := connect(t, b, "/?type=chat", "User", "bob")
		require.NoError(t, b.Send(t.Context(),
			codec.Event{ID: "1", Data: "ann: 1"}, codec.Event{ID: "2", Data: "bob: 2"},
			codec.Event{Comment: "all"}, codec.Event{ID: "3", Type: "chat", Data: "bob: 3"}))
		settle()
		assert.Equal(t, "data: ann: 1\nid: 1\n\n:all\n", ann.body())
		assert.Equal(t, ":all\nevent: chat\ndata: bob: 3\nid: 3\n\n", bob.body(), "the filter and the types")
		again, _, _ := connect(t, b, "/", "User", "ann", "Last-Event-ID", "none")
		assert.Equal(t, ann.body(), again.body(), "the history is filtered, too")
		finish(t, b)
	})
}

// The filter of a group decides about an event once, not once for each client, and the
// decisions are the right ones however far a client is behind.
func TestClientGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, events = 50, 3000
		var calls atomic.Int64
		b := sink.NewBroadcaster(sink.WithHistory(events, 1<<20), sink.WithClient(func(r *http.Request) (sink.ClientConfig, error) {
			digit := r.Header.Get("Digit")
			return sink.ClientConfig{Group: digit, Filter: func(e codec.Event) bool {
				calls.Add(1)
				return strings.HasSuffix(e.Data, digit)
			}}, nil
		}))
		var all []*conn
		for i := range clients {
			c, _, _ := connect(t, b, "/", "Digit", fmt.Sprint(i%2))
			all = append(all, c)
		}
		release := all[0].hold()
		var sent []codec.Event
		var want [2]string
		for i := range events {
			e := codec.Event{ID: fmt.Sprint(i), Data: fmt.Sprint(i)}
			sent = append(sent, e)
			if i%10 < 2 {
				want[i%10] += e.String()
			}
		}
		require.NoError(t, b.Send(t.Context(), sent...))
		settle()
		assert.Less(t, calls.Load(), int64(2*events+clients*100), "not %d", clients*events)
		release()
		settle()
		for i, c := range all {
			assert.Equal(t, want[i%2], c.body())
		}
		finish(t, b)
	})
}

// A group takes half a byte for each event of the history: at least 512 bytes and at most
// 512 KiB.
func TestClientGroupMemory(t *testing.T) {
	const clients = 20
	perGroup := func(events int, group func(n int) any) int64 {
		n := 0
		b := sink.NewBroadcaster(sink.WithHistory(events, 1<<20), sink.WithClient(func(*http.Request) (sink.ClientConfig, error) {
			n++
			return sink.ClientConfig{Group: group(n), Filter: func(codec.Event) bool { return true }}, nil
		}))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range clients {
			ctx, leave := context.WithCancel(t.Context())
			b.ServeHTTP(&leaving{httptest.NewRecorder(), leave}, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		}
		runtime.ReadMemStats(&after)
		return int64(after.TotalAlloc-before.TotalAlloc) / clients
	}
	for events, want := range map[int]int64{1: 512, 64 << 10: 32 << 10, math.MaxInt: 512 << 10} {
		none := perGroup(events, func(int) any { return nil })
		each := perGroup(events, func(n int) any { return n })
		assert.InEpsilon(t, want, each-none, 0.5, "a history of %d events", events)
	}
}

// The clients of a group share its decisions for as long as one of them is connected.
func TestClientGroupOutlivesItsFirstClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		b := sink.NewBroadcaster(always(sink.ClientConfig{Group: "all", Filter: func(codec.Event) bool { calls.Add(1); return true }}))
		_, leave, gone := connect(t, b, "/")
		second, _, _ := connect(t, b, "/")
		send(t, b, "1", "2", "3")
		leave()
		<-gone
		before := calls.Load()
		third, _, _ := connect(t, b, "/", "Last-Event-ID", "none")
		assert.Equal(t, wires("1", "2", "3"), second.body())
		assert.Equal(t, wires("1", "2", "3"), third.body())
		assert.Equal(t, before, calls.Load(), "the decisions are remembered")
		finish(t, b)
	})
}

// A history may be bounded by its bytes alone.
func TestClientGroupWithAHistoryOfAnyNumberOfEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		even := sink.ClientConfig{Group: "even", Filter: func(e codec.Event) bool { return e.ID == "2" }}
		b := sink.NewBroadcaster(sink.WithHistory(math.MaxInt, 1<<20), always(even))
		c, _, _ := connect(t, b, "/")
		send(t, b, "1", "2", "3")
		settle()
		assert.Equal(t, wires("2"), c.body())
		finish(t, b)
	})
}

func TestClientRefused(t *testing.T) {
	for _, row := range []struct {
		name   string
		err    error
		accept string
		status int
		body   string
	}{
		{"with a status", &sink.Refusal{Status: 401, Message: "log in"}, "text/event-stream", 401, "log in\n"},
		{"wrapped", fmt.Errorf("no: %w", &sink.Refusal{Status: 403, Message: "not you"}), "", 403, "not you\n"},
		{"for some time", &sink.Refusal{Status: 429, Message: "slow down"}, "", 503, "slow down\n"},
		{"for some time, in a browser", &sink.Refusal{Status: 503}, "text/event-stream", 200, "retry: "},
		{"with the lowest status", &sink.Refusal{Status: 400, Message: "no"}, "", 400, "no\n"},
		{"with the highest status", &sink.Refusal{Status: 599, Message: "no"}, "", 599, "no\n"},
		{"with a status that is too low", &sink.Refusal{Status: 399, Message: "no"}, "", 500, "no\n"},
		{"with a status that is too high", &sink.Refusal{Status: 600, Message: "no"}, "", 500, "no\n"},
		{"without a status", &sink.Refusal{Message: "no"}, "", 500, "no\n"},
		{"with a status that is no error", &sink.Refusal{Status: 200, Message: "no"}, "text/event-stream", 500, "no\n"},
		{"by another error", errors.New("the password of the database is x"), "", 500, "internal error\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(sink.WithClient(func(*http.Request) (sink.ClientConfig, error) { return sink.ClientConfig{}, row.err }))
				c, _, gone := connect(t, b, "/", "Accept", row.accept)
				<-gone
				assert.Equal(t, row.status, c.status)
				assert.True(t, strings.HasPrefix(c.all(), row.body), c.all())
				assert.EqualValues(t, 1, b.Stats().Refused)
				assert.Zero(t, b.Stats().Accepted)
			})
		})
	}
}

// A board is a state that a snapshot shows and events change.
type board struct {
	mu  sync.Mutex
	sum int
	b   *sink.Broadcaster
}

func (s *board) add(ctx context.Context, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum += n
	return s.b.Send(ctx, codec.Event{Type: "add", Data: fmt.Sprint(n)})
}

func (s *board) client(*http.Request) (sink.ClientConfig, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sink.ClientConfig{
		First: just(codec.Event{Type: "sum", Data: fmt.Sprint(s.sum)}),
		From:  s.b.Position(),
	}, nil
}

// Snapshot and events together always give the state: no event is lost or repeated between
// them.
func TestClientFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &board{}
		s.b = sink.NewBroadcaster(sink.WithClient(s.client))
		var adding sync.WaitGroup
		for range 3 {
			adding.Go(func() {
				for i := range 200 {
					assert.NoError(t, s.add(t.Context(), 1))
					if i%10 == 0 {
						time.Sleep(time.Millisecond)
					}
				}
			})
		}
		var all []*conn
		for range 15 {
			c, _, _ := connect(t, s.b, "/")
			all = append(all, c)
			time.Sleep(time.Millisecond)
		}
		adding.Wait()
		settle()
		middle := 0
		for _, c := range all {
			events := decode(t, c.all())
			require.Equal(t, "sum", events[0].Type)
			var sum int
			_, err := fmt.Sscan(events[0].Data, &sum)
			require.NoError(t, err)
			if sum > 0 && sum < 600 {
				middle++
			}
			assert.Len(t, events, 1+600-sum)
		}
		assert.Positive(t, middle, "clients joined while events were sent")
		finish(t, s.b)
	})
}

// Without a Position no event is lost between First and the live events, and the client
// gets its header and heartbeats while First waits.
func TestClientFirstThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ready := make(chan codec.Event)
		b := sink.NewBroadcaster(sink.WithHeartbeat(time.Second), always(sink.ClientConfig{First: source.FromChannel(ready)}))
		c, _, _ := connect(t, b, "/")
		assert.Equal(t, http.StatusOK, c.status)
		send(t, b, "1", "2")
		time.Sleep(3500 * time.Millisecond)
		ready <- codec.Event{Type: "state", Data: "x\xff"}
		ready <- codec.Event{Type: "state", ID: "a\nb"}
		close(ready)
		settle()
		assert.Equal(t, ":\n:\n:\nevent: state\ndata: x\uFFFD\n\n"+wires("1", "2"), c.body())
		stats := b.Stats()
		assert.EqualValues(t, 1, stats.Repaired)
		assert.EqualValues(t, 1, stats.Rejected)
		finish(t, b)
	})
}

// A client that resumes does not need First; one whose ID is unknown does.
func TestClientFirstForClientsThatComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithUnknownIDEvent(codec.Event{Type: "reset"}),
			always(sink.ClientConfig{First: just(codec.Event{Type: "state"})}))
		send(t, b, "1", "2")
		known, _, _ := connect(t, b, "/", "Last-Event-ID", "1")
		unknown, _, _ := connect(t, b, "/", "Last-Event-ID", "x")
		send(t, b, "3")
		assert.Equal(t, wires("2", "3"), known.body())
		assert.Equal(t, "event: reset\ndata:\n\nevent: state\ndata:\n\n"+wires("3"), unknown.body())
		assert.EqualValues(t, 1, b.Stats().UnknownIDs)
		finish(t, b)
	})
}

// The count of unknown IDs shows that the history is too short.
func TestStatsCountUnknownIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(2, 1<<20))
		send(t, b, "1", "2", "3")
		for id, want := range map[string]int64{"": 0, "3": 0, "2": 0, "1": 1} {
			before := b.Stats().UnknownIDs
			connect(t, b, "/", "Last-Event-ID", id)
			assert.Equal(t, want, b.Stats().UnknownIDs-before, "ID %q", id)
		}
		finish(t, b)
	})
}

// The caller learns why each client has left.
func TestClientLeft(t *testing.T) {
	for _, row := range []struct {
		name string
		opts []sink.BroadcastOption
		c    sink.ClientConfig
		run  func(t *testing.T, b *sink.Broadcaster, c *conn, leave func())
		want sink.LeaveReason
	}{
		{name: "closed", want: sink.LeftClosed, run: func(_ *testing.T, _ *sink.Broadcaster, _ *conn, leave func()) { leave() }},
		{name: "ended", want: sink.LeftEnded, run: func(t *testing.T, b *sink.Broadcaster, _ *conn, _ func()) { finish(t, b) }},
		{name: "too slow", want: sink.LeftTooSlow, run: func(t *testing.T, b *sink.Broadcaster, c *conn, _ func()) {
			release := c.hold()
			send(t, b, "1", "2", "3", "4", "5")
			release()
		}},
		{name: "timed out", want: sink.LeftTimedOut, run: func(t *testing.T, b *sink.Broadcaster, c *conn, _ func()) {
			c.hold()
			send(t, b, "1")
			time.Sleep(time.Hour)
		}},
		{name: "write failed", want: sink.LeftWriteFailed, run: func(t *testing.T, b *sink.Broadcaster, c *conn, _ func()) {
			c.fail(errors.New("connection reset"))
			send(t, b, "1")
		}},
		{name: "interrupted", want: sink.LeftInterrupted, run: func(t *testing.T, b *sink.Broadcaster, c *conn, _ func()) {
			c.hold()
			send(t, b, "1")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			assert.ErrorIs(t, b.Shutdown(ctx), context.DeadlineExceeded)
		}},
		{
			name: "source failed", want: sink.LeftSourceFailed, c: sink.ClientConfig{First: failingEvents(errGone)},
			run: func(*testing.T, *sink.Broadcaster, *conn, func()) {},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []sink.Departure
				row.c.Left = func(d sink.Departure) { got = append(got, d) }
				b := sink.NewBroadcaster(append(row.opts, sink.WithHistory(3, 1<<20), always(row.c))...)
				c, leave, gone := connect(t, b, "/")
				row.run(t, b, c, leave)
				<-gone
				require.Len(t, got, 1)
				assert.Equal(t, row.want, got[0].Reason, got[0].Err)
				assert.Equal(t, row.want != sink.LeftEnded, got[0].Err != nil)
				assert.Equal(t, map[sink.LeaveReason]int64{row.want: 1}, b.Stats().Left)
				assert.Zero(t, b.Stats().Clients)
			})
		})
	}
}

// A panic in a filter ends one client, and the server carries on.
func TestClientGroupMustBeComparable(t *testing.T) {
	all := func(codec.Event) bool { return true }
	b := sink.NewBroadcaster(always(sink.ClientConfig{Group: []string{"a"}, Filter: all}))
	assert.PanicsWithValue(t, "sink: Broadcaster: ClientConfig.Group must be comparable, got []string", func() {
		b.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	})
	assert.Zero(t, b.Stats().Clients)
}

func TestClientFilterPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan sink.Departure, 1)
		b := sink.NewBroadcaster(sink.WithClient(func(r *http.Request) (sink.ClientConfig, error) {
			if r.URL.Path != "/bad" {
				return sink.ClientConfig{}, nil
			}
			return sink.ClientConfig{
				Filter: func(codec.Event) bool { panic("a bug") },
				Left:   func(d sink.Departure) { left <- d },
			}, nil
		}))
		good, _, _ := connect(t, b, "/")
		_, _, gone := connect(t, recovering(b), "/bad")
		send(t, b, "1")
		<-gone
		assert.Equal(t, sink.LeftPanicked, (<-left).Reason)
		send(t, b, "2")
		assert.Equal(t, wires("1", "2"), good.body())
		assert.Equal(t, 1, b.Stats().Clients)
		finish(t, b)
	})
}
