package sink_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, gone := connect(t, b, "/")
		release := c.hold()
		time.AfterFunc(time.Second, release)
		start := time.Now()
		require.NoError(t, b.Send(t.Context(), event("1"), event("2")))
		require.NoError(t, b.Shutdown(t.Context()))
		assert.Equal(t, time.Second, time.Since(start), "as soon as the client has read them")
		<-gone
		assert.Equal(t, wires("1", "2"), c.body(), "events that were published before are delivered")
		require.ErrorIs(t, b.Send(t.Context(), event("3")), sink.ErrBroadcastEnded)
		require.ErrorIs(t, b.Publish(t.Context(), just(event("3"))), sink.ErrBroadcastEnded)
		require.NoError(t, b.Shutdown(t.Context()), "again")
	})
}

// BeginShutdown ends the streams and does not wait for them.
func TestBeginShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, gone := connect(t, b, "/")
		release := c.hold()
		require.NoError(t, b.Send(t.Context(), event("1")))
		b.BeginShutdown()
		refused, _, _ := connect(t, b, "/")
		assert.Equal(t, http.StatusServiceUnavailable, refused.status)
		release()
		<-gone
		assert.Equal(t, wires("1"), c.body())
	})
}

// Clients that do not read do not hold up Shutdown once its context has ended, not even
// those that it cannot disconnect.
func TestShutdownInterrupts(t *testing.T) {
	wrap := map[string]func(*conn) http.ResponseWriter{
		"with deadlines":            func(c *conn) http.ResponseWriter { return c },
		"without deadlines":         func(c *conn) http.ResponseWriter { return flushing{c} },
		"deadlines that do nothing": func(c *conn) http.ResponseWriter { return pretending{flushing{c}} },
	}
	for name, most := range map[string]time.Duration{"with deadlines": 0, "without deadlines": 0, "deadlines that do nothing": 250 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(sink.WithWriteTimeout(time.Hour))
				var release []func()
				var all []<-chan struct{}
				for range 3 {
					c := newConn()
					_, gone := connectWith(t, b, wrap[name](c), "/")
					release = append(release, c.hold())
					all = append(all, gone)
				}
				send(t, b, "1")
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
				defer cancel()
				start := time.Now()
				assert.Equal(t, errGone, b.Shutdown(ctx))
				assert.Equal(t, time.Second+most, time.Since(start))
				for i := range all {
					release[i]()
					<-all[i]
				}
				assert.EqualValues(t, 3, b.Stats().Left[sink.LeftInterrupted])
			})
		})
	}
}

func TestComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, gone := connect(t, b, "/")
		send(t, b, "1", "2")
		start := time.Now()
		require.NoError(t, b.Complete(t.Context()))
		assert.Zero(t, time.Since(start), "clients are not left to notice it with a heartbeat")
		<-gone
		assert.Equal(t, wires("1", "2"), c.body())
		for _, header := range [][]string{nil, {"Last-Event-ID", "2"}} {
			c, _, gone = connect(t, b, "/", header...)
			<-gone
			assert.Equal(t, http.StatusNoContent, c.status)
		}
		c, _, gone = connect(t, b, "/", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, http.StatusOK, c.status)
		assert.Equal(t, wires("2"), c.body(), "the event that it has missed")
		c, _, gone = connect(t, b, "/?type=other", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, http.StatusNoContent, c.status, "it has missed nothing that it wants")
		assert.EqualValues(t, 3, b.Stats().Refused, "those with status 204")
		require.NoError(t, b.Shutdown(t.Context()))
	})
}

// HEAD gets the status that GET gets, before and after the end of the broadcast.
func TestHeadAgreesWithGet(t *testing.T) {
	replays := map[string]rxsse.Observable[codec.Event]{
		"old":     just(event("0")),
		"silent":  endless(),
		"waiting": endless(event("0")),
		"read":    just[codec.Event](),
		"broken":  failingEvents(errGone),
	}
	replay := sink.WithReplay(func(_ context.Context, id string) (rxsse.Observable[codec.Event], error) {
		if id == "failing" {
			return nil, errGone
		}
		return replays[id], nil
	})
	first := always(sink.ClientConfig{First: just(event("first"))})
	for name, opts := range map[string][]sink.BroadcastOption{"history": nil, "replay": {replay}, "first": {first}, "replay and first": {replay, first}} {
		for _, ended := range []string{"", "Complete", "Shutdown"} {
			for _, target := range []string{"/", "/?type=other", "/?type=%zz"} {
				for _, id := range []string{"", "1", "2", "unknown", "old", "silent", "waiting", "read", "broken", "failing"} {
					t.Run(name+"/"+ended+target+"/"+id, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							b := sink.NewBroadcaster(append(opts, sink.WithHistory(2, 1<<20))...)
							if name == "history" || name == "first" || id == "1" || id == "2" {
								send(t, b, "1", "2")
							}
							switch ended {
							case "Complete":
								require.NoError(t, b.Complete(t.Context()))
							case "Shutdown":
								finish(t, b)
							}
							get, leave, gone := connect(t, b, target, "Last-Event-ID", id)
							time.Sleep(time.Hour)
							leave()
							<-gone
							head := httptest.NewRecorder()
							r := httptest.NewRequestWithContext(t.Context(), http.MethodHead, target, nil)
							r.Header.Set("Last-Event-ID", id)
							b.ServeHTTP(head, r)
							assert.Equal(t, get.status, head.Code)
							assert.Equal(t, get.header.Get("Content-Type"), head.Header().Get("Content-Type"))
							assert.Zero(t, b.Stats().Clients)
						})
					})
				}
			}
		}
	}
}

// After Complete, a client that has every event with an ID gets status 204.
// Events without an ID do not count, since a client cannot say that it has them.
func TestCompleteTellsClientsToStop(t *testing.T) {
	for name, events := range map[string][]codec.Event{
		"a comment at the end":     {{ID: "1", Data: "x"}, {Comment: "bye"}},
		"a retry at the end":       {{ID: "1", Data: "x"}, {Retry: time.Second}},
		"space around an ID":       {{ID: "0", Data: "x"}, {ID: " 1 ", Data: "x"}},
		"an event of another type": {{ID: "1", Data: "x"}, {Type: "other", ID: "2", Data: "x"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster()
			require.NoError(t, b.Send(t.Context(), events...))
			require.NoError(t, b.Complete(t.Context()))
			c, _, gone := connect(t, b, "/?type=message", "Last-Event-ID", "1")
			<-gone
			assert.Equal(t, http.StatusNoContent, c.status, name)
		})
	}
}

// When several events share the last ID, a client that names it may have missed some of
// them. It gets them, and a last block with a unique ID, so that it stops coming back.
func TestCompleteWithASharedID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		connected, _, _ := connect(t, b, "/")
		x, y := codec.Event{ID: "1", Data: "x"}, codec.Event{ID: "1", Data: "y"}
		require.NoError(t, b.Send(t.Context(), codec.Event{ID: "0", Data: "x"}, x, y))
		require.NoError(t, b.Complete(t.Context()))
		assert.Equal(t, "1", b.Stats().LastEventID)
		c, _, gone := connect(t, b, "/", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, http.StatusOK, c.status)
		assert.Equal(t, y.String(), c.body()[:len(y.String())])
		_, last := decodeID(t, c.all())
		assert.NotEqual(t, "1", last)
		assert.Contains(t, connected.body(), "id: "+last+"\n\n", "connected clients get it, too")
		c, _, gone = connect(t, b, "/", "Last-Event-ID", last)
		<-gone
		assert.Equal(t, http.StatusNoContent, c.status)
		c, _, gone = connect(t, b, "/?type=other", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, http.StatusNoContent, c.status, "it wants none of them")
	})
}

// After Complete, a client that does not resume gets First, and then an ID with which it
// gets status 204 when it comes back.
func TestCompleteWithFirst(t *testing.T) {
	state := codec.Event{Type: "state", Data: "x"}
	ofType := func(typ string) func(codec.Event) bool { return func(e codec.Event) bool { return e.Type == typ } }
	for name, sent := range map[string][]codec.Event{
		"events":                    eventsOf(idsFrom(1, 3)),
		"nothing":                   nil,
		"comments":                  {{Comment: "a"}, {Comment: "b"}},
		"comments after the events": append(eventsOf(idsFrom(1, 3)), make([]codec.Event, 10)...),
		"a shared ID":               {event("1"), event("2"), event("1")},
		"an ID with spaces":         {event(" 1 ")},
	} {
		for _, id := range []string{"", "unknown", "after Shutdown"} {
			for _, filter := range []func(codec.Event) bool{nil, ofType("message"), ofType("other")} {
				t.Run(fmt.Sprint(name, id, filter == nil), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						b := sink.NewBroadcaster(sink.WithHistory(10, 1<<20), always(sink.ClientConfig{First: just(state), Filter: filter}))
						require.NoError(t, b.Send(t.Context(), sent...))
						if id == "after Shutdown" {
							finish(t, b)
						}
						require.NoError(t, b.Complete(t.Context()))
						c, _, gone := connect(t, b, "/", "Last-Event-ID", id)
						<-gone
						assert.Equal(t, http.StatusOK, c.status)
						events, last := decodeID(t, c.all())
						assert.Equal(t, []codec.Event{state}, events)
						require.NotEmpty(t, last)
						c, _, gone = connect(t, b, "/", "Last-Event-ID", last)
						<-gone
						assert.Equal(t, http.StatusNoContent, c.status)
						assert.Equal(t, map[sink.LeaveReason]int64{sink.LeftEnded: 1}, b.Stats().Left)
					})
				})
			}
		}
	}
}

// Without First no client needs an ID at the end of a broadcast without events.
func TestCompleteWithoutEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, gone := connect(t, b, "/")
		require.NoError(t, b.Complete(t.Context()))
		<-gone
		assert.Empty(t, c.body())
		c, _, gone = connect(t, b, "/")
		<-gone
		assert.Equal(t, http.StatusNoContent, c.status)
	})
}

// A client that is connected at Complete gets such an ID only if it has none.
func TestCompleteAfterFirst(t *testing.T) {
	state := codec.Event{Type: "state", Data: "x"}
	for _, row := range []struct {
		name         string
		before, live []codec.Event
		want         string
	}{
		{name: "no event since First", before: eventsOf([]string{"1"}), want: "id: 1\n\n"},
		{name: "an event since First", before: eventsOf([]string{"1"}), live: eventsOf([]string{"2"}), want: wires("2")},
		{name: "an event that it does not want", live: []codec.Event{other("2")}, want: "id: 2\n\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(always(sink.ClientConfig{First: just(state)}))
				require.NoError(t, b.Send(t.Context(), row.before...))
				c, _, gone := connect(t, b, "/?type=message")
				require.NoError(t, b.Send(t.Context(), row.live...))
				require.NoError(t, b.Complete(t.Context()))
				<-gone
				assert.Equal(t, state.String()+row.want, c.body())
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(always(sink.ClientConfig{First: just(state)}))
		require.NoError(t, b.Send(t.Context(), event("1")))
		c, _, gone := connect(t, b, "/")
		require.NoError(t, b.Shutdown(t.Context()))
		<-gone
		assert.Equal(t, state.String(), c.body(), "after Shutdown it comes back for First")
	})
}

// First may begin before Complete and end after it: no event between is left out.
func TestCompleteDuringFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := make(chan codec.Event)
		b := sink.NewBroadcaster(always(sink.ClientConfig{First: source.FromChannel(first)}))
		c, _, gone := connect(t, b, "/")
		send(t, b, "1")
		completed := make(chan error)
		go func() { completed <- b.Complete(t.Context()) }()
		synctest.Wait()
		close(first)
		require.NoError(t, <-completed)
		<-gone
		assert.Equal(t, wires("1"), c.body())
	})
}

// After Complete, a client whose ID not even the replay knows gets status 204 if
// nothing is left for it.
func TestCompleteWithAnUnknownID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unknown := sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) { return nil, nil })
		b := sink.NewBroadcaster(unknown, sink.WithUnknownIDEvent(codec.Event{Type: "reset"}))
		send(t, b, "1")
		require.NoError(t, b.Complete(t.Context()))
		c, _, gone := connect(t, b, "/?type=other", "Last-Event-ID", "x")
		<-gone
		assert.Equal(t, http.StatusNoContent, c.status)
		c, _, gone = connect(t, b, "/", "Last-Event-ID", "x")
		<-gone
		assert.Equal(t, "event: reset\ndata:\n\n"+wires("1"), c.body())
	})
}

// Without clients it does not matter that the context has ended.
func TestCompleteWithoutClients(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			b := sink.NewBroadcaster()
			send(t, b, "1", "2")
			require.NoError(t, b.Complete(ctx))
			c, _, gone := connect(t, b, "/", "Last-Event-ID", "1")
			<-gone
			assert.Equal(t, wires("2"), c.body())
		})
	}
}

// A client that Complete has interrupted can come back for the events that it has missed.
func TestCompleteInterrupts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, gone := connect(t, b, "/")
		c.hold()
		send(t, b, "1", "2")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, b.Complete(ctx))
		<-gone
		c, _, gone = connect(t, b, "/", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, wires("2"), c.body())
	})
}

// The documented order: the server closes its listener, then the streams end.
func TestShutdownOfAServer(t *testing.T) {
	b := sink.NewBroadcaster(sink.WithHistory(10, 1<<20))
	server := httptest.NewServer(b)
	server.Config.RegisterOnShutdown(b.BeginShutdown)
	response, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer response.Body.Close()
	require.NoError(t, b.Send(t.Context(), event("1")))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, server.Config.Shutdown(ctx))
	assert.Zero(t, b.Stats().Clients)
	assert.Equal(t, []codec.Event{event("1")}, decode(t, readAll(t, response.Body)))
	_, err = server.Client().Get(server.URL) //nolint:bodyclose // there is no answer
	require.Error(t, err, "the listener is closed")
}
