package sink_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
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

// ours is a message that the clients of these tests want, other is one that they do not.
func ours(id string) codec.Event  { return codec.Event{Type: "ours", Data: "d" + id, ID: id} }
func other(id string) codec.Event { return codec.Event{Type: "other", Data: "d" + id, ID: id} }

// wants returns the part of some events that the clients of these tests get.
func wants(sent []codec.Event) (text string) {
	for _, e := range sent {
		switch e.Type {
		case "ours":
			text += e.String()
		case "": // without the blank line
			text += strings.TrimSuffix(e.String(), "\n")
		}
	}
	return text
}

// choosy are the ways to want only some events.
func choosy() map[string]struct {
	target string
	opts   []sink.BroadcastOption
} {
	filter := func(e codec.Event) bool { return e.Type == "ours" }
	return map[string]struct {
		target string
		opts   []sink.BroadcastOption
	}{
		"types":  {target: "/?type=ours"},
		"filter": {"/", []sink.BroadcastOption{always(sink.ClientConfig{Filter: filter})}},
		"group":  {"/", []sink.BroadcastOption{always(sink.ClientConfig{Filter: filter, Group: "ours"})}},
	}
}

// A heartbeat names the newest event once, if the client does not want that event.
func TestHeartbeatNamesAnEventThatIsPassedOver(t *testing.T) {
	for name, way := range choosy() {
		for _, row := range []struct {
			name string
			sent []codec.Event
			want string // after the events that the client wants
		}{
			{"the newest", []codec.Event{ours("1"), other("2"), other("3")}, "id: 3\n\n:\n"},
			{"of a client without an event", []codec.Event{other("2")}, "id: 2\n\n:\n"},
			{"not when the client has a newer one", []codec.Event{other("2"), ours("3")}, ":\n:\n"},
			{"comments do not count", []codec.Event{ours("1"), other("2"), {Comment: "c"}, {Retry: time.Second}}, "id: 2\n\n:\n"},
			{"comments do not hide an event that the client has", []codec.Event{other("1"), ours("2"), {Comment: "c"}}, ":\n:\n"},
			{"not an ID that an older event has", []codec.Event{other("x"), ours("1"), other("x")}, ":\n:\n"},
			{"but the one before it", []codec.Event{other("x"), ours("1"), other("2"), other(" x")}, "id: 2\n\n:\n"},
			{"nothing was sent", nil, ":\n:\n"},
		} {
			t.Run(name+"/"+row.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := sink.NewBroadcaster(append(way.opts, sink.WithHeartbeat(time.Second))...)
					send(t, b, "old")
					c, _, _ := connect(t, b, way.target)
					require.NoError(t, b.Send(t.Context(), row.sent...))
					settle()
					before := c.body()
					assert.Equal(t, wants(row.sent), before)
					time.Sleep(2100 * time.Millisecond)
					assert.Equal(t, row.want, strings.TrimPrefix(c.body(), before))
					finish(t, b)
				})
			})
		}
	}
}

// The heartbeat event carries the ID, so that there is no block without data.
func TestHeartbeatEventNamesAnEventThatIsPassedOver(t *testing.T) {
	for _, row := range []struct {
		beat         codec.Event
		named, plain string
	}{
		{codec.Event{Type: "beat", Data: "a\r\nb"}, "event: beat\ndata: a\ndata: b\nid: 2\n\n", "event: beat\ndata: a\ndata: b\n\n"},
		{codec.Event{Comment: "beat"}, "id: 2\n\n", ":beat\n"},
		{codec.Event{Retry: time.Second}, "retry: 1000\nid: 2\n\n", "retry: 1000\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster(sink.WithHeartbeat(time.Second), sink.WithHeartbeatEvent(row.beat))
			c, _, _ := connect(t, b, "/?type=ours")
			require.NoError(t, b.Send(t.Context(), ours("1"), other("2")))
			time.Sleep(2100 * time.Millisecond)
			assert.Equal(t, ours("1").String()+row.named+row.plain, c.body())
			assert.EqualValues(t, 1, b.Stats().Delivered, "heartbeats do not count")
			finish(t, b)
		})
	}
}

// If events are frequent, the history may forget an ID before the next heartbeat. A client
// gets one early once it has wanted no event of half the history.
func TestEarlyHeartbeat(t *testing.T) {
	for _, row := range []struct{ history, sent, want int }{
		{200, 100, 0}, // half of them, and the event before
		{200, 101, 1},
		{200, 1000, 9},
		{10, 63, 0}, // a small history does not make them frequent
		{10, 64, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster(sink.WithHistory(row.history, 1<<20))
			require.NoError(t, b.Send(t.Context(), eventsOf(idsFrom(1, row.history))...))
			c, _, _ := connect(t, b, "/?type=ours")
			all, _, _ := connect(t, b, "/")
			for n := range row.sent {
				require.NoError(t, b.Send(t.Context(), other(fmt.Sprint("o", n))))
				settle()
			}
			assert.Equal(t, row.want, strings.Count(c.body(), "id: "), "%+v: %s", row, c.body())
			assert.Equal(t, row.want, strings.Count(c.body(), "\n\n"), "nothing else")
			assert.NotContains(t, all.body(), "\n\nid: ", "a client that wants every event")
			finish(t, b)
		})
	}
}

// A client that gets events often needs no early heartbeat.
func TestNoEarlyHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(200, 1<<20))
		c, _, _ := connect(t, b, "/?type=ours")
		var want strings.Builder
		for n := range 1000 {
			e := other(fmt.Sprint(n))
			if n%50 == 0 {
				e = ours(fmt.Sprint(n))
				want.WriteString(e.String())
			}
			require.NoError(t, b.Send(t.Context(), e))
			settle()
		}
		assert.Equal(t, want.String(), c.body())
		finish(t, b)
	})
}

// A client that is held up is not moved past an event that it has not been sent.
func TestHeartbeatOfASlowClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(100, 1<<20), sink.WithSlowClients(sink.SkipEvents), sink.WithHeartbeat(time.Second))
		c, _, _ := connect(t, b, "/?type=ours")
		release := c.hold()
		require.NoError(t, b.Send(t.Context(), ours("1")))
		settle()
		for n := range 90 {
			require.NoError(t, b.Send(t.Context(), other(fmt.Sprint("o", n))))
		}
		require.NoError(t, b.Send(t.Context(), ours("2")))
		time.Sleep(10 * time.Second)
		assert.Empty(t, c.body())
		release()
		settle()
		assert.Equal(t, ours("1").String()+":\n"+ours("2").String(), c.body())
		finish(t, b)
	})
}

// A filter that takes its time when a heartbeat is due holds up no publisher.
func TestHeartbeatWithASlowFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20), sink.WithHeartbeat(time.Second), always(sink.ClientConfig{
			Filter: func(codec.Event) bool {
				if calls.Add(1) > 2 {
					time.Sleep(time.Hour)
				}
				return false
			},
		}))
		_, _, gone := connect(t, b, "/")
		send(t, b, "1", "2")
		time.Sleep(2 * time.Second)
		assert.EqualValues(t, 3, calls.Load())
		start := time.Now()
		send(t, b, "3", "4", "5", "6")
		require.Less(t, time.Since(start), time.Second)
		time.Sleep(2 * time.Hour)
		require.EqualValues(t, 1, b.Stats().Left[sink.LeftTooSlow])
		<-gone
	})
}

// While a client reads a replay, its heartbeats name the newest event of the replay that it
// does not want: if its connection is cut, the replay continues there.
func TestHeartbeatDuringAReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		replay := func(context.Context, string) (rxsse.Observable[codec.Event], error) {
			return endless(ours("2"), other("3"), codec.Event{Comment: "c"}, other("bad\nid")), nil
		}
		b := sink.NewBroadcaster(sink.WithReplay(replay), sink.WithHeartbeat(time.Second))
		named, _, _ := connect(t, b, "/?type=ours", "Last-Event-ID", "1")
		time.Sleep(2100 * time.Millisecond)
		assert.Equal(t, ours("2").String()+":c\n:\n:\n", named.body(), "an ID that cannot be sent")
		finish(t, b)
	})
	synctest.Test(t, func(t *testing.T) {
		replay := func(context.Context, string) (rxsse.Observable[codec.Event], error) {
			return endless(ours("2"), other("3"), codec.Event{Comment: "c"}), nil
		}
		b := sink.NewBroadcaster(sink.WithReplay(replay), sink.WithHeartbeat(time.Second))
		named, _, _ := connect(t, b, "/?type=ours", "Last-Event-ID", "1")
		plain, _, _ := connect(t, b, "/?type=other", "Last-Event-ID", "1")
		time.Sleep(2100 * time.Millisecond)
		assert.Equal(t, ours("2").String()+":c\nid: 3\n\n:\n", named.body())
		assert.Equal(t, other("3").String()+":c\n:\n:\n", plain.body())
		finish(t, b)
	})
}

// overPipe carries requests to a handler and cuts the answers off: in virtual time, after
// some bytes or some time.
type overPipe struct {
	h      http.Handler
	random *rand.Rand
	cuts   int
}

func (p *overPipe) RoundTrip(r *http.Request) (*http.Response, error) {
	p.cuts++
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(p.random.IntN(20_000))*time.Millisecond)
	read, write := io.Pipe()
	w := &pipeWriter{header: http.Header{}, w: write, status: make(chan int, 1)}
	go func() { // it ends with the context, at the latest
		defer cancel()
		p.h.ServeHTTP(w, r.WithContext(ctx))
		write.CloseWithError(io.ErrUnexpectedEOF)
	}()
	body := struct {
		io.Reader
		io.Closer
	}{io.LimitReader(read, int64(p.random.IntN(1000))), closer(func() error { cancel(); return read.Close() })}
	return &http.Response{StatusCode: <-w.status, Header: w.header, Body: body, Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

type closer func() error

func (c closer) Close() error { return c() }

type pipeWriter struct {
	header http.Header
	w      *io.PipeWriter
	status chan int
}

func (w *pipeWriter) Header() http.Header         { return w.header }
func (w *pipeWriter) WriteHeader(status int)      { w.status <- status }
func (w *pipeWriter) Write(p []byte) (int, error) { return w.w.Write(p) }
func (w *pipeWriter) Flush()                      {}

// Our own client wants one event in thousands, and its connection is cut again and again,
// even within a block. It gets each wanted event once, and its ID is never unknown.
func TestRarelyMatchingFilterWithOurClient(t *testing.T) {
	for name, way := range choosy() {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					random := rand.New(rand.NewPCG(seed, 0))
					b := sink.NewBroadcaster(append(way.opts, sink.WithHistory(1000, 1<<20), // of the last 10 s
						sink.WithUnknownIDEvent(codec.Event{Type: "reset"}))...)
					require.NoError(t, b.Send(t.Context(), other("0")))
					pipe := &overPipe{h: b, random: rand.New(rand.NewPCG(seed, 1))}
					events := source.SSE("http://server.example"+way.target, source.WithLastEventID("0"),
						source.WithHTTPClient(&http.Client{Transport: pipe}), source.WithBackoff(source.Backoff{First: time.Second, Max: time.Second, Jitter: -1}))
					var want, got []codec.Event
					done := make(chan error)
					go func() {
						done <- sink.ForEach(t.Context(), events, func(e codec.Event) error {
							got = append(got, e)
							return nil
						})
					}()
					for n := 1; n <= 20_000; n++ {
						e := other(fmt.Sprint(n))
						if random.IntN(2000) == 0 {
							e = ours(fmt.Sprint(n))
							want = append(want, e)
						}
						require.NoError(t, b.Send(t.Context(), e))
						time.Sleep(10 * time.Millisecond)
					}
					require.NoError(t, b.Complete(t.Context()))
					require.NoError(t, <-done)
					assert.Equal(t, want, got)
					assert.Greater(t, pipe.cuts, 10)
				})
			})
		}
	}
}
