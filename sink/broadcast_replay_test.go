package sink_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// An archive stores every event that is published, in order.
type archive struct {
	mu     sync.Mutex
	events []codec.Event
	asked  []string
	pause  time.Duration // between two events of a replay
	upTo   int           // it has only that many events; 0: all
}

func (a *archive) add(events ...codec.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, events...)
}

// replay replays the events after lastEventID that the archive has when it begins.
func (a *archive) replay(_ context.Context, lastEventID string) (rxsse.Observable[codec.Event], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, lastEventID)
	if lastEventID == "broken" {
		return nil, errGone
	}
	events := a.events
	if a.upTo > 0 {
		events = events[:a.upTo]
	}
	for i, e := range events {
		if e.ID == lastEventID {
			return func(context.Context) iter.Seq2[codec.Event, error] {
				return func(yield func(codec.Event, error) bool) {
					for _, e := range events[i+1:] {
						time.Sleep(a.pause)
						if !yield(e, nil) {
							return
						}
					}
				}
			}, nil
		}
	}
	return nil, nil
}

func idsFrom(from, to int) (ids []string) {
	for n := from; n <= to; n++ {
		ids = append(ids, fmt.Sprint(n))
	}
	return ids
}

func eventsOf(ids []string) (events []codec.Event) {
	for _, id := range ids {
		events = append(events, event(id))
	}
	return events
}

func TestReplay(t *testing.T) {
	for _, row := range []struct {
		name, target, lastEventID string
		upTo                      int
		want                      string
		asked                     []string
	}{
		{name: "up to the history", lastEventID: "10", want: wires(idsFrom(11, 100)...), asked: []string{"10"}},
		{name: "only what the history has forgotten", lastEventID: "10", upTo: 90, want: wires(idsFrom(11, 100)...), asked: []string{"10"}},
		{name: "nothing is missing", lastEventID: "90", want: wires(idsFrom(91, 100)...), asked: []string{"90"}},
		{name: "the history knows the ID", lastEventID: "95", want: wires(idsFrom(96, 100)...)},
		{name: "nobody knows the ID", lastEventID: "x", want: "event: reset\ndata:\n\n" + wires(idsFrom(91, 100)...), asked: []string{"x"}},
		{name: "types", target: "?type=other", lastEventID: "10", want: "id: 91\n\n", asked: []string{"10"}},
		{name: "no ID"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &archive{upTo: row.upTo}
				b := sink.NewBroadcaster(sink.WithHistory(10, 1<<20), sink.WithReplay(a.replay), sink.WithUnknownIDEvent(codec.Event{Type: "reset"}))
				a.add(eventsOf(idsFrom(1, 100))...)
				require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(1, 100))...))
				c, _, _ := connect(t, b, "/"+row.target, "Last-Event-ID", row.lastEventID)
				assert.Equal(t, row.want, c.body())
				assert.Equal(t, row.asked, a.asked)
				assert.Equal(t, row.lastEventID == "x", b.Stats().UnknownIDs == 1)
				if row.target == "" {
					send(t, b, "101")
					assert.Equal(t, row.want+wires("101"), c.body(), "and the live events")
				}
				finish(t, b)
			})
		})
	}
}

// While a client is replayed to, the history moves on. The client gets every event once.
func TestReplayWhileTheHistoryMovesOn(t *testing.T) {
	for _, only := range []string{"all", "forgotten"} {
		t.Run(only, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const history = 10
				a := &archive{pause: time.Millisecond}
				b := sink.NewBroadcaster(sink.WithHistory(history, 1<<20), sink.WithReplay(a.replay))
				publish := func(from, to int, pause time.Duration) {
					for n := from; n <= to; n++ {
						a.add(event(fmt.Sprint(n)))
						a.mu.Lock()
						if only == "forgotten" {
							a.upTo = max(len(a.events)-history, 1)
						}
						a.mu.Unlock()
						assert.NoError(t, b.Send(t.Context(), event(fmt.Sprint(n))))
						time.Sleep(pause)
					}
				}
				publish(1, 100, 0)
				go publish(101, 200, 3*time.Millisecond)
				var all []*conn
				for _, id := range []string{"1", "50", "80", "99"} {
					c, _, _ := connect(t, b, "/", "Last-Event-ID", id)
					all = append(all, c)
				}
				time.Sleep(time.Minute)
				for i, first := range []int{2, 51, 81, 100} {
					var want, got []string
					for _, e := range decode(t, all[i].all()) {
						got = append(got, e.ID)
					}
					want = idsFrom(first, 200)
					assert.Equal(t, want, got)
				}
				finish(t, b)
			})
		})
	}
}

// A replay that fails, or that never catches up, ends the client's stream. The client comes
// back with the ID that it has received.
func TestReplayThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &archive{}
		b := sink.NewBroadcaster(sink.WithReplay(a.replay))
		_, _, gone := connect(t, b, "/", "Last-Event-ID", "broken")
		<-gone
		assert.EqualValues(t, 1, b.Stats().Left[sink.LeftSourceFailed])
	})
	synctest.Test(t, func(t *testing.T) {
		n := 0
		var b *sink.Broadcaster
		b = sink.NewBroadcaster(sink.WithHistory(1, 1<<20), sink.WithReplay(func(ctx context.Context, id string) (rxsse.Observable[codec.Event], error) {
			n++
			assert.Equal(t, strconv.Itoa(n), id)
			assert.NoError(t, b.Send(ctx, event("a"), event("b")))
			return just(event(strconv.Itoa(n + 1))), nil
		}))
		_, _, gone := connect(t, b, "/", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, 10, n)
		assert.EqualValues(t, 1, b.Stats().Left[sink.LeftSourceFailed])
	})
}

// An endless replay serves the client until something ends it; meanwhile it gets
// heartbeats.
func TestReplayThatWaits(t *testing.T) {
	for _, end := range []string{"the client leaves", "Shutdown"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan error, 1)
				b := sink.NewBroadcaster(sink.WithHeartbeat(time.Second), sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) {
					return func(ctx context.Context) iter.Seq2[codec.Event, error] {
						return func(yield func(codec.Event, error) bool) {
							yield(event("2"), nil)
							<-ctx.Done()
							ended <- ctx.Err()
						}
					}, nil
				}))
				c, leave, gone := connect(t, b, "/", "Last-Event-ID", "1")
				time.Sleep(2500 * time.Millisecond)
				assert.Equal(t, wires("2")+":\n:\n", c.body())
				if end == "Shutdown" {
					finish(t, b)
				} else {
					leave()
				}
				<-gone
				require.Error(t, <-ended)
				assert.Equal(t, http.StatusOK, c.status)
			})
		})
	}
}

// After Complete, a client gets what it has missed from the replay, and status 204 when
// it has everything.
func TestReplayAfterComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &archive{}
		a.add(eventsOf(idsFrom(1, 20))...)
		b := sink.NewBroadcaster(sink.WithReplay(a.replay)) // a new process: the history is empty
		require.NoError(t, b.Complete(t.Context()))
		c, _, gone := connect(t, b, "/", "Last-Event-ID", "15")
		<-gone
		assert.Equal(t, http.StatusOK, c.status)
		assert.Equal(t, wires(idsFrom(16, 20)...), c.body())
		c, _, gone = connect(t, b, "/", "Last-Event-ID", "20")
		<-gone
		assert.Equal(t, http.StatusNoContent, c.status)
		assert.Empty(t, c.all())
		assert.Zero(t, c.deadline, "it would hit a later request on this connection")
	})
}

// A replay after Complete may reach the history before it has an event for the client. The
// history then decides between a stream and status 204.
func TestReplayAfterCompleteThatReachesTheHistory(t *testing.T) {
	for _, row := range []struct {
		target string
		status int
		body   string
	}{
		{"/?type=ours", http.StatusOK, ours("9").String()},
		{"/?type=none", http.StatusNoContent, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			events := append(eventsOf(idsFrom(1, 8)), ours("9"), event("10"))
			a := &archive{events: events}
			b := sink.NewBroadcaster(sink.WithHistory(4, 1<<20), sink.WithReplay(a.replay))
			require.NoError(t, b.Send(t.Context(), events...))
			require.NoError(t, b.Complete(t.Context()))
			c, _, gone := connect(t, b, row.target, "Last-Event-ID", "2")
			<-gone
			assert.Equal(t, row.status, c.status)
			assert.Equal(t, row.body, c.body())
			assert.Equal(t, row.status == http.StatusOK, c.header.Get("Content-Type") == "text/event-stream")
			head := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodHead, row.target, nil)
			r.Header.Set("Last-Event-ID", "2")
			b.ServeHTTP(head, r)
			assert.Equal(t, row.status, head.Code)
		})
	}
}

// endless delivers events and then waits until its context ends.
func endless(events ...codec.Event) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
			<-ctx.Done()
			yield(codec.Event{}, ctx.Err())
		}
	}
}

// After Complete, a replay that is endless ends once it has been silent for the interval
// of the heartbeats.
func TestEndlessReplayAfterComplete(t *testing.T) {
	replay := func(events ...codec.Event) sink.BroadcastOption {
		return sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) { return endless(events...), nil })
	}
	t.Run("a connected client", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster(sink.WithHeartbeat(time.Second), replay(event("2")))
			c, _, gone := connect(t, b, "/", "Last-Event-ID", "1")
			start := time.Now()
			require.NoError(t, b.Complete(t.Context()))
			assert.Equal(t, time.Second, time.Since(start))
			<-gone
			assert.Equal(t, wires("2"), c.body())
			assert.Equal(t, map[sink.LeaveReason]int64{sink.LeftEnded: 1}, b.Stats().Left)
		})
	})
	t.Run("a client that has missed an event", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster(sink.WithHeartbeat(time.Second), replay(event("2")))
			require.NoError(t, b.Complete(t.Context()))
			c, _, gone := connect(t, b, "/", "Last-Event-ID", "1")
			start := time.Now()
			<-gone
			assert.Equal(t, time.Second, time.Since(start))
			assert.Equal(t, wires("2"), c.body())
		})
	})
	t.Run("clients that have missed nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster(sink.WithHeartbeat(time.Second), replay(event("2")))
			require.NoError(t, b.Complete(t.Context()))
			c, _, gone := connect(t, b, "/?type=other", "Last-Event-ID", "1")
			<-gone
			assert.Equal(t, http.StatusNoContent, c.status, "it does not want the event")
		})
	})
}

// A replay that fails after Complete leaves the client a stream to come back to.
func TestReplayThatFailsAfterComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &archive{}
		b := sink.NewBroadcaster(sink.WithReplay(a.replay))
		require.NoError(t, b.Complete(t.Context()))
		c, _, gone := connect(t, b, "/", "Last-Event-ID", "broken")
		<-gone
		assert.Equal(t, http.StatusOK, c.status)
		assert.Equal(t, "text/event-stream", c.header.Get("Content-Type"))
	})
}

// A filter sees the same event whether it is live or from a replay: with its default
// type and with its text repaired. Events that cannot be sent are counted as such.
func TestFilterSeesTheEventsOfAReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := []codec.Event{
			{ID: "2", Data: "a\r\nb\xff"},
			{ID: "3", Type: "x\xff", Data: "c\r"},
			{ID: "4\n", Data: "bad"},
		}
		var seen [2][]codec.Event
		b := sink.NewBroadcaster(sink.WithHistory(1, 1<<20),
			sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) { return just(events...), nil }),
			sink.WithClient(func(r *http.Request) (sink.ClientConfig, error) {
				list := &seen[0]
				if r.URL.Path == "/replay" {
					list = &seen[1]
				}
				return sink.ClientConfig{Filter: func(e codec.Event) bool {
					*list = append(*list, e)
					return true
				}}, nil
			}))
		live, _, _ := connect(t, b, "/live")
		require.Error(t, b.Send(t.Context(), events...))
		settle()
		require.NoError(t, b.Send(t.Context(), event("5")))
		settle()
		stats := b.Stats()
		replayed, _, _ := connect(t, b, "/replay", "Last-Event-ID", "1")
		assert.Equal(t, []codec.Event{{ID: "2", Type: "message", Data: "a\nb\uFFFD"}, {ID: "3", Type: "x\uFFFD", Data: "c\n"}}, seen[0][:2])
		assert.Equal(t, seen[0][:2], seen[1][:2])
		assert.Equal(t, live.body(), replayed.body())
		after := b.Stats()
		assert.EqualValues(t, 3, after.Delivered-stats.Delivered, "two events of the replay and one of the history")
		assert.EqualValues(t, 2, after.Repaired-stats.Repaired)
		assert.EqualValues(t, 1, after.Rejected-stats.Rejected)
		finish(t, b)
	})
}

// HEAD after Complete shows a filter the same text as GET does.
func TestHeadFiltersRepairedText(t *testing.T) {
	b := sink.NewBroadcaster(
		sink.WithReplay(func(context.Context, string) (rxsse.Observable[codec.Event], error) {
			return just(codec.Event{ID: "2", Data: "a\r"}), nil
		}),
		sink.WithClient(func(*http.Request) (sink.ClientConfig, error) {
			return sink.ClientConfig{Filter: func(e codec.Event) bool { return e.Data == "a\n" }}, nil
		}))
	require.NoError(t, b.Complete(t.Context()))
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, "/", nil)
		r.Header.Set("Last-Event-ID", "1")
		b.ServeHTTP(w, r)
		assert.Equal(t, http.StatusOK, w.Code, method)
	}
}

// A relay without a database saves the oldest ID of its history. After a restart it reads
// its own source from there, and its clients resume without a gap.
func TestRelayThatHasItsHistoryBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := append([]codec.Event{{Comment: "hello"}}, eventsOf(idsFrom(1, 9))...)
		before := sink.NewBroadcaster(sink.WithHistory(5, 1<<20))
		require.NoError(t, before.Send(t.Context(), all[0]))
		assert.Empty(t, before.Stats().OldestEventID, "a comment has no ID")
		require.NoError(t, before.Send(t.Context(), all[1:3]...))
		assert.Equal(t, "1", before.Stats().OldestEventID)
		require.NoError(t, before.Send(t.Context(), all[3:]...))
		saved := before.Stats().OldestEventID
		assert.Equal(t, "5", saved)
		finish(t, before)

		restarted := sink.NewBroadcaster(sink.WithHistory(5, 1<<20))
		require.NoError(t, restarted.Send(t.Context(), eventsOf(idsFrom(6, 9))...)) // the events after saved
		c, _, _ := connect(t, restarted, "/", "Last-Event-ID", "7")
		assert.Equal(t, wires("8", "9"), c.body())
		finish(t, restarted)
	})
}

// Clients that come back before such a relay has its history resume, too, if the source
// replays to them. Without that, they would get 6 to 9 a second time.
func TestRelayWhoseClientsReturnBeforeItsHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := make(chan codec.Event, 1) // of the source, to the client that is replayed to
		restarted := sink.NewBroadcaster(sink.WithHistory(5, 1<<20), sink.WithUnknownIDEvent(codec.Event{Type: "reload"}),
			sink.WithReplay(func(_ context.Context, lastEventID string) (rxsse.Observable[codec.Event], error) {
				n, err := strconv.Atoi(lastEventID)
				return operators.Concat(just(eventsOf(idsFrom(n+1, 9))...), source.FromChannel(live)), err
			}))
		c, _, _ := connect(t, restarted, "/", "Last-Event-ID", "8")
		assert.Equal(t, wires("9"), c.body())
		require.NoError(t, restarted.Send(t.Context(), eventsOf(idsFrom(6, 10))...)) // the events after the saved ID
		live <- eventsOf([]string{"10"})[0]
		time.Sleep(time.Second) // of the bubble: clients are woken once a millisecond
		assert.Equal(t, wires("9", "10"), c.body())
		require.NoError(t, restarted.Send(t.Context(), eventsOf([]string{"11"})...)) // the replay has ended
		time.Sleep(time.Second)
		assert.Equal(t, wires("9", "10", "11"), c.body())
		finish(t, restarted)
	})
}

// The source of such a relay may refuse an ID. The replay opens the stream first, so that
// the relay learns of it: the client gets what WithUnknownIDEvent says, and no more replays.
func TestRelayWhoseSourceRefusesAnID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := ssetest.NewMemoryServer(func(c *ssetest.Conn) {
			if c.LastEventID() != "8" {
				c.Answer(http.StatusGone, "")
				return
			}
			c.Send(event("9"))
			c.Sleep(time.Second)
			c.Send(event("10"))
			c.Hold()
		})
		defer server.Close()
		client := source.NewClient(source.WithHTTPClient(server.Client()))
		relay := sink.NewBroadcaster(sink.WithUnknownIDEvent(codec.Event{Type: "reload"}),
			sink.WithReplay(func(ctx context.Context, lastEventID string) (rxsse.Observable[codec.Event], error) {
				session, err := client.Open(ctx, server.URL(), source.WithLastEventID(lastEventID))
				if refused := (*source.Error)(nil); errors.As(err, &refused) && refused.StatusCode == http.StatusGone {
					return nil, nil
				}
				if err != nil {
					return nil, err
				}
				return operators.Finally(session.Observe(), func() { session.Close() }), nil
			}))
		forgotten, _, _ := connect(t, relay, "/", "Last-Event-ID", "1")
		known, _, _ := connect(t, relay, "/", "Last-Event-ID", "8")
		assert.Equal(t, "event: reload\ndata:\n\n", forgotten.body())
		assert.Equal(t, wires("9"), known.body())
		require.NoError(t, relay.Send(t.Context(), eventsOf([]string{"9", "10"})...))
		time.Sleep(2 * time.Second) // of the bubble
		assert.Equal(t, 0, server.Playing(), "the replay has come to the history")
		require.NoError(t, relay.Send(t.Context(), event("11")))
		time.Sleep(time.Second)
		assert.Equal(t, "event: reload\ndata:\n\n"+wires("9", "10", "11"), forgotten.body())
		assert.Equal(t, wires("9", "10", "11"), known.body())
		assert.Len(t, server.Requests(), 2)
		finish(t, relay)
	})
}
