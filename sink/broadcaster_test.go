package sink_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func TestBroadcasterSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		early, _, _ := connect(t, b, "/")
		send(t, b, "1", "2")
		late, leave, gone := connect(t, b, "/")
		send(t, b, "3")
		assert.Equal(t, wires("1", "2", "3"), early.body())
		assert.Equal(t, wires("3"), late.body())
		assert.Equal(t, "text/event-stream", late.header.Get("Content-Type"))
		assert.Equal(t, "no-cache, no-transform", late.header.Get("Cache-Control"))
		leave()
		<-gone
		assert.Equal(t, sink.BroadcastStats{
			Clients: 1, Accepted: 2, Left: map[sink.LeaveReason]int64{sink.LeftClosed: 1},
			Events: 3, Delivered: 4, OldestEventID: "1", LastEventID: "3",
		}, b.Stats())
		finish(t, b)
	})
}

func TestBroadcasterPublishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, _ := connect(t, b, "/")
		err := b.Publish(t.Context(), operators.EncodeJSON(marble.Cold("a-b#"), "letter"))
		assert.Equal(t, marble.Err, err, "the error of the stream")
		settle()
		got := decode(t, c.all())
		require.Len(t, got, 2)
		assert.Equal(t, `"a"`, got[0].Data)
		assert.Equal(t, "letter", got[1].Type)
		assert.NotEmpty(t, got[0].ID, "an ID that the Broadcaster gives")
		assert.NotEqual(t, got[0].ID, got[1].ID)
		finish(t, b)
	})
}

// Text from anywhere is repaired, and does not end Publish.
func TestBroadcasterRepairsText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, _ := connect(t, b, "/")
		require.NoError(t, b.Publish(t.Context(), just(
			codec.Event{Data: "one\r\ntwo\rthree"}, codec.Event{Data: "caf\xe9"}, codec.Event{Data: "good"}, codec.Event{Comment: "a\nb"})))
		settle()
		var got []string
		for _, e := range decode(t, c.all()) {
			got = append(got, e.Data)
		}
		assert.Equal(t, []string{"one\ntwo\nthree", "caf\uFFFD", "good"}, got)
		assert.True(t, strings.HasSuffix(c.body(), "\n\n:a b\n"), "a comment has no blank line")
		assert.EqualValues(t, 3, b.Stats().Repaired)
		assert.EqualValues(t, 4, b.Stats().Events)
		finish(t, b)
	})
}

// Filters see the text that the client would get.
func TestFiltersSeeRepairedText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen codec.Event
		b := sink.NewBroadcaster(always(sink.ClientConfig{Filter: func(e codec.Event) bool { seen = e; return true }}))
		c, _, _ := connect(t, b, "/?type=a%EF%BF%BD")
		require.NoError(t, b.Send(t.Context(), codec.Event{Type: "a\xff", Data: "x\r\ny", ID: "1"}))
		settle()
		assert.Equal(t, "event: a\uFFFD\ndata: x\ndata: y\nid: 1\n\n", c.body())
		assert.Equal(t, codec.Event{Type: "a\uFFFD", Data: "x\ny", ID: "1"}, seen)
		finish(t, b)
	})
}

// An event that cannot be sent is omitted, and the error names it.
func TestBroadcasterRejectsEvents(t *testing.T) {
	long := strings.Repeat("x", 5000)
	events := []codec.Event{event("1"), {Type: "price", ID: "a\nb", Data: "x"}, event("2"), {ID: long, Data: "x"}, event("3")}
	for name, call := range map[string]func(context.Context, *sink.Broadcaster) error{
		"Send":    func(ctx context.Context, b *sink.Broadcaster) error { return b.Send(ctx, events...) },
		"Publish": func(ctx context.Context, b *sink.Broadcaster) error { return b.Publish(ctx, just(events...)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster()
				c, _, _ := connect(t, b, "/")
				err := call(t.Context(), b)
				require.EqualError(t, err, `sink: Broadcaster: 2 events not sent; the first: event of type "price" with id "a\nb": `+
					"codec: cannot encode event: id contains a line feed")
				var encoding *codec.EncodeError
				require.ErrorAs(t, err, &encoding)
				assert.Equal(t, "id", encoding.Field)
				settle()
				assert.Equal(t, wires("1", "2", "3"), c.body())
				assert.EqualValues(t, 2, b.Stats().Rejected)
				finish(t, b)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		err := sink.NewBroadcaster().Send(t.Context(), codec.Event{ID: long})
		require.ErrorContains(t, err, `with id "`+long[:40]+`…": cannot encode event: id has 5000 bytes, more than 4096`)
	})
	synctest.Test(t, func(t *testing.T) {
		err := sink.NewBroadcaster().Publish(t.Context(), operators.Concat(just(events...), failingEvents(errGone)))
		require.ErrorIs(t, err, errGone)
		require.ErrorContains(t, err, "2 events not sent")
	})
}

func TestBroadcasterReplays(t *testing.T) {
	for _, row := range []struct {
		name, target, lastEventID, want string
	}{
		{"the events after the one it has", "/", "3", wires("4", "5")},
		{"it has all", "/", "5", ""},
		{"the one it has is forgotten", "/", "1", wires("3", "4", "5")},
		{"an ID of another process", "/", "x", wires("3", "4", "5")},
		{"some types only", "/?lastEventId=3&type=other", "", ""},
		{"some types only, and there are some", "/?lastEventId=3&type=other&type=message", "", wires("4", "5")},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20))
				send(t, b, "1", "2", "3", "4", "5")
				c, _, _ := connect(t, b, row.target, "Last-Event-ID", row.lastEventID)
				assert.Equal(t, row.want, c.body())
				finish(t, b)
			})
		})
	}
}

func TestBroadcasterBoundsItsHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		size := int64(len(wires("1")))
		b := sink.NewBroadcaster(sink.WithHistory(100, 2*size), sink.WithHistoryAge(time.Minute))
		send(t, b, "1", "2", "3")
		c, _, _ := connect(t, b, "/", "Last-Event-ID", "0")
		assert.Equal(t, wires("2", "3"), c.body(), "by bytes")
		time.Sleep(time.Minute)
		send(t, b, "4")
		time.Sleep(time.Second)
		c, _, _ = connect(t, b, "/", "Last-Event-ID", "0")
		assert.Equal(t, wires("4"), c.body(), "by age")
		time.Sleep(time.Minute)
		c, _, _ = connect(t, b, "/", "Last-Event-ID", "0")
		assert.Empty(t, c.body(), "by age, though nothing was sent since")
		huge := codec.Event{Type: "message", ID: "h", Data: strings.Repeat("x", 1000)}
		require.NoError(t, b.Send(t.Context(), huge))
		settle()
		assert.Equal(t, huge.String(), c.body(), "one that is larger than the history is held alone")
		finish(t, b)
	})
}

// Several events share an ID: a client that names it may have only the first of them.
func TestBroadcasterWithSharedIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20))
		send(t, b, "1", "1", "2")
		c, _, _ := connect(t, b, "/", "Last-Event-ID", "1")
		assert.Equal(t, wires("1", "2"), c.body())
		send(t, b, "3") // forgets the first "1"
		c, _, _ = connect(t, b, "/", "Last-Event-ID", "1")
		assert.Equal(t, wires("1", "2", "3"), c.body())
		for _, data := range []string{"a", "b", "c", "d"} {
			require.NoError(t, b.Send(t.Context(), codec.Event{ID: "5", Data: data}))
		}
		c, _, _ = connect(t, b, "/", "Last-Event-ID", "5")
		assert.Equal(t, "data: b\nid: 5\n\ndata: c\nid: 5\n\ndata: d\nid: 5\n\n", c.body())
		finish(t, b)
	})
}

// Over real connections, our own client is cut off again and again. It gets every event
// once, in order, and in the end it gets status 204.
func TestBroadcasterWithOurClient(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2=%t", http2), func(t *testing.T) {
			const last = 2000
			b := sink.NewBroadcaster(sink.WithHistory(last, 1<<20), sink.WithRetry(time.Millisecond))
			requests := 0
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				ctx, cancel := context.WithTimeout(r.Context(), 5*time.Millisecond) // cuts it off
				defer cancel()
				if http2 {
					assert.Equal(t, 2, r.ProtoMajor)
				}
				b.ServeHTTP(w, r.WithContext(ctx))
			}))
			server.EnableHTTP2 = http2
			server.StartTLS()
			defer server.Close()
			published := make(chan error)
			go func() {
				time.Sleep(2 * time.Millisecond)
				paced := operators.Map(just(eventsOf(idsFrom(1, last))...), func(e codec.Event) codec.Event {
					if strings.HasSuffix(e.ID, "7") {
						time.Sleep(100 * time.Microsecond)
					}
					return e
				})
				err := b.Publish(context.Background(), paced)
				published <- errors.Join(err, b.Complete(context.Background()))
			}()
			var got []string
			events := source.SSE(server.URL+"/?lastEventId=from%20the%20start", source.WithHTTPClient(server.Client()))
			err := sink.ForEach(t.Context(), events, func(e codec.Event) error {
				got = append(got, e.ID)
				return nil
			})
			require.NoError(t, err, "204 completes the stream")
			require.NoError(t, <-published)
			require.Equal(t, idsFrom(1, last), got)
			assert.Greater(t, requests, 2, "it was cut off")
		})
	}
}

func TestBroadcastOptionsPanic(t *testing.T) {
	for want, build := range map[string]func(){
		"sink: WithHistory: events must be positive, got 0":                                               func() { sink.WithHistory(0, 1) },
		"sink: WithHistoryAge: d must be positive, got 0s":                                                func() { sink.WithHistoryAge(0) },
		"sink: WithHeartbeat: d must be positive, got 0s":                                                 func() { sink.WithHeartbeat(0) },
		`sink: WithHeartbeatEvent: the event must not have an ID, got "1"`:                                func() { sink.WithHeartbeatEvent(event("1")) },
		"sink: WithUnknownIDEvent: codec: cannot encode event: event contains a line feed":                func() { sink.WithUnknownIDEvent(codec.Event{Type: "\n"}) },
		"sink: WithRetry: d must be at least a millisecond, got 1µs":                                      func() { sink.WithRetry(time.Microsecond) },
		"sink: WithWriteTimeout: d must be positive, got -1s":                                             func() { sink.WithWriteTimeout(-time.Second) },
		"sink: WithMaxClients: n must be positive, got 0":                                                 func() { sink.WithMaxClients(0) },
		`sink: WithUnknownIDEvent: the event must not have an ID, got "` + strings.Repeat("x", 40) + `"`:  func() { sink.WithUnknownIDEvent(codec.Event{ID: strings.Repeat("x", 40)}) },
		`sink: WithUnknownIDEvent: the event must not have an ID, got "` + strings.Repeat("x", 40) + `…"`: func() { sink.WithUnknownIDEvent(codec.Event{ID: strings.Repeat("x", 41)}) },
	} {
		assert.PanicsWithValue(t, want, build)
	}
	assert.NotPanics(t, func() { sink.WithRetry(time.Millisecond) })
}
