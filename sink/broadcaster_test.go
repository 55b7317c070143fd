package sink_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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

func TestBroadcasterSendsToAll(t *testing.T) {
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
		assert.Equal(t, marble.Err, err, "the stream's error is the publisher's to deal with")
		synctest.Wait()
		var got []codec.Event
		for e, err := range codec.NewDecoder(strings.NewReader(c.body())).Events() {
			require.NoError(t, err)
			got = append(got, e)
		}
		require.Len(t, got, 2)
		assert.Equal(t, `"a"`, got[0].Data)
		assert.Equal(t, "letter", got[1].Type)
		assert.NotEmpty(t, got[0].ID, "an ID of the Broadcaster's")
		assert.NotEqual(t, got[0].ID, got[1].ID)

		err = b.Send(t.Context(), event("1"), codec.Event{Type: "a\nb"}, event("2"))
		require.ErrorContains(t, err, `sink: Broadcaster: 1 events not sent; the first: event of type "a\nb" with id `)
		var encoding *codec.EncodeError
		require.ErrorAs(t, err, &encoding)
		assert.Equal(t, "2", b.Stats().LastEventID, "the others are sent")
		assert.EqualValues(t, 1, b.Stats().Rejected)
		finish(t, b)
		require.ErrorIs(t, b.Send(t.Context(), event("3")), sink.ErrBroadcastEnded)
		require.ErrorIs(t, b.Publish(t.Context(), just(event("3"))), sink.ErrBroadcastEnded)
	})
}

func TestBroadcasterReplays(t *testing.T) {
	for _, c := range []struct {
		name, target, lastEventID, want string
	}{
		{"after the one it has", "/", "3", wires("4", "5")},
		{"it has all", "/", "5", ""},
		{"what it has is forgotten", "/", "1", wires("3", "4", "5")},
		{"what it has is of another life", "/", "x", wires("3", "4", "5")},
		{"by query", "/?lastEventId=4", "", wires("5")},
		{"the header is newer than the query", "/?lastEventId=3", "4", wires("5")},
		{"some types only", "/?lastEventId=3&type=other", "", ""},
		{"some types only, and they are there", "/?lastEventId=3&type=other&type=message", "", wires("4", "5")},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20))
				send(t, b, "1", "2", "3", "4", "5")
				var header []string
				if c.lastEventID != "" {
					header = []string{"Last-Event-ID", c.lastEventID}
				}
				client, _, _ := connect(t, b, c.target, header...)
				assert.Equal(t, c.want, client.body())
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
		assert.Empty(t, c.body(), "though nothing was sent since")
		huge := codec.Event{Type: "message", ID: "h", Data: strings.Repeat("x", 1000)}
		require.NoError(t, b.Send(t.Context(), huge))
		settle()
		assert.Equal(t, huge.String(), c.body(), "one that is larger is held alone")
		finish(t, b)
	})
}

// The same ID twice: whoever has the first may not have the second.
func TestBroadcasterWithAnIDTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20))
		send(t, b, "1", "1", "2")
		c, _, _ := connect(t, b, "/", "Last-Event-ID", "1")
		assert.Equal(t, wires("1", "2"), c.body())
		send(t, b, "3") // forgets the first "1", and the second is not found: all of the history
		c, _, _ = connect(t, b, "/", "Last-Event-ID", "1")
		assert.Equal(t, wires("1", "2", "3"), c.body())
		finish(t, b)
	})
}

func TestBroadcasterWithSlowClients(t *testing.T) {
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
			assert.Equal(t, wires("1"), slow.body(), "what was being written")
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
			synctest.Wait()
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
			for i := range 20 {
				require.NoError(t, b.Send(t.Context(), event(fmt.Sprint(i%10))))
			}
			assert.Equal(t, time.Minute, time.Since(start))
			settle()
			all := wires("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
			assert.Equal(t, all, slow.body())
			assert.Equal(t, all, fast.body())

			slow.hold()
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
			defer cancel()
			assert.Equal(t, errGone, b.Publish(ctx, just(make([]codec.Event, 10)...)))
			blocked := make(chan error)
			go func() { blocked <- b.Send(t.Context(), event("x"), event("y"), event("z")) }()
			settle()
			ctx, cancel = context.WithTimeoutCause(t.Context(), time.Second, errGone)
			defer cancel()
			assert.Equal(t, errGone, b.Shutdown(ctx))
			assert.ErrorIs(t, <-blocked, sink.ErrBroadcastEnded)
		})
	})
	t.Run("that do not read at all", func(t *testing.T) {
		for _, policy := range []sink.SlowClients{sink.DisconnectClients, sink.SkipEvents, sink.WaitForClients} {
			synctest.Test(t, func(t *testing.T) {
				b := sink.NewBroadcaster(sink.WithSlowClients(policy), sink.WithHistory(2, 1<<20), sink.WithWriteTimeout(time.Minute))
				stuck, _, gone := connect(t, b, "/")
				stuck.hold()
				start := time.Now()
				send(t, b, "1", "2", "3", "4", "5", "6", "7", "8", "9")
				<-gone
				assert.LessOrEqual(t, time.Since(start), 2*time.Minute+20*time.Millisecond)
				assert.GreaterOrEqual(t, time.Since(start), time.Minute)
				finish(t, b)
			})
		}
	})
}

// A client that is behind is written all that waits for it at once, up to a bound.
func TestBroadcasterFlushesBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, _ := connect(t, b, "/")
		require.Equal(t, 1, c.flushes, "the header")
		release := c.hold()
		for range 65 {
			send(t, b, "1")
		}
		release()
		synctest.Wait()
		assert.Equal(t, 1+1+1, c.flushes, "the first event, and the others together")
		assert.Equal(t, strings.Repeat(wires("1"), 65), c.body())
		large := codec.Event{Type: "message", Data: strings.Repeat("x", 20_000), ID: "l"}
		require.NoError(t, b.Send(t.Context(), large, large, large, large))
		settle()
		assert.Equal(t, 1+1+1+4, c.flushes, "large events one by one")
		finish(t, b)
	})
}

func TestBroadcasterHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHeartbeat(10*time.Second), sink.WithRetry(1500*time.Millisecond))
		c, _, _ := connect(t, b, "/")
		assert.Regexp(t, `^retry: (1[5-9]..|2[01]..|22[0-4].|2250)$`, c.opening(), "up to half as much again")
		time.Sleep(4 * time.Second)
		require.NoError(t, b.Send(t.Context(), event("1")))
		time.Sleep(10*time.Second - 1)
		synctest.Wait()
		assert.Equal(t, wires("1"), c.body())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Equal(t, wires("1")+":\n", c.body())
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, wires("1")+strings.Repeat(":\n", 7), c.body())
		finish(t, b)
	})
}

func TestBroadcasterShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, gone := connect(t, b, "/")
		release := c.hold()
		time.AfterFunc(time.Second, release)
		require.NoError(t, b.Send(t.Context(), event("1"), event("2")))
		require.NoError(t, b.Shutdown(t.Context()))
		<-gone
		assert.Equal(t, wires("1", "2"), c.body(), "what was published by then is delivered")
		refused, _, _ := connect(t, b, "/", "Last-Event-ID", "1")
		assert.Equal(t, http.StatusServiceUnavailable, refused.status)
		assert.NotEmpty(t, refused.header.Get("Retry-After"))
		assert.EqualValues(t, 1, b.Stats().Refused)
		require.NoError(t, b.Shutdown(t.Context()), "again")
	})
}

func TestBroadcasterComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, gone := connect(t, b, "/")
		send(t, b, "1", "2")
		require.NoError(t, b.Complete(t.Context()))
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
		assert.Equal(t, wires("2"), c.body(), "what it has missed")
		c, _, gone = connect(t, b, "/?type=other", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, http.StatusNoContent, c.status, "it has missed nothing that it wants")
		require.NoError(t, b.Shutdown(t.Context()))
	})
}

// Clients that do not read do not hold up the end for longer than they may.
func TestBroadcasterShutdownInterrupts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithWriteTimeout(time.Hour))
		var all []<-chan struct{}
		for range 3 {
			c, _, gone := connect(t, b, "/")
			c.hold()
			all = append(all, gone)
		}
		send(t, b, "1")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
		defer cancel()
		start := time.Now()
		assert.Equal(t, errGone, b.Shutdown(ctx))
		assert.Equal(t, time.Second, time.Since(start))
		for _, gone := range all {
			<-gone
		}
	})
}

func TestBroadcasterRequests(t *testing.T) {
	for _, c := range []struct {
		name, method, target, origin string
		opts                         []sink.BroadcastOption
		status                       int
		header                       map[string]string
	}{
		{"POST", "POST", "/", "", nil, 405, map[string]string{"Allow": "GET, HEAD, OPTIONS"}},
		{"too many types", "GET", "/?" + strings.Repeat("type=a&", 65), "", nil, 400, nil},
		{"preflight", "OPTIONS", "/", "https://a.example", []sink.BroadcastOption{sink.WithOrigins("https://a.example")}, 204, map[string]string{
			"Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Credentials": "true", "Vary": "Origin",
			"Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Allow-Headers": "Last-Event-ID, Cache-Control, Authorization",
		}},
		{"another origin", "OPTIONS", "/", "https://b.example", []sink.BroadcastOption{sink.WithOrigins("https://a.example")}, 204, map[string]string{
			"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "", "Vary": "Origin",
		}},
		{"any origin", "OPTIONS", "/", "https://b.example", []sink.BroadcastOption{sink.WithOrigins("*")}, 204, map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "",
		}},
		{"no origin", "OPTIONS", "/", "https://b.example", nil, 204, map[string]string{"Access-Control-Allow-Origin": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.target, nil)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			w := httptest.NewRecorder()
			sink.NewBroadcaster(c.opts...).ServeHTTP(w, r)
			assert.Equal(t, c.status, w.Code)
			for name, want := range c.header {
				assert.Equal(t, want, w.Header().Get(name), name)
			}
		})
	}
}

func TestBroadcasterRefusesTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithMaxClients(1))
		_, leave, gone := connect(t, b, "/")
		second, _, _ := connect(t, b, "/")
		assert.Equal(t, http.StatusServiceUnavailable, second.status)
		leave()
		<-gone
		third, _, _ := connect(t, b, "/")
		assert.Equal(t, http.StatusOK, third.status)
		finish(t, b)
	})
}

// Over real connections, with our own client, which is cut off again and again:
// every event once, in order, and in the end it is told to stay away.
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
				ids := make([]codec.Event, last)
				for i := range ids {
					ids[i] = event(fmt.Sprint(i))
				}
				paced := operators.Map(just(ids...), func(e codec.Event) codec.Event {
					if e.ID[len(e.ID)-1] == '7' {
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
			require.Len(t, got, last)
			for i, id := range got {
				require.Equal(t, fmt.Sprint(i), id)
			}
			assert.Greater(t, requests, 2, "it was cut off")
		})
	}
}

// A stream over HTTP/1.1 ends its connection, whose deadlines would hit whatever
// came next on it.
func TestBroadcasterEndsItsConnection(t *testing.T) {
	b := sink.NewBroadcaster()
	server := httptest.NewServer(b)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	response, err := server.Client().Do(r)
	require.NoError(t, err)
	assert.True(t, response.Close)
	require.NoError(t, b.Send(t.Context(), event("1")))
	line, err := bufio.NewReader(response.Body).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, ":\n", line)
	require.NoError(t, b.Complete(t.Context()))
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err, "a clean end")
	require.NoError(t, response.Body.Close())
}

func TestBroadcastOptionsRefuse(t *testing.T) {
	for want, build := range map[string]func(){
		"sink: WithHistory: events and bytes must be positive, got 0 and 1": func() { sink.WithHistory(0, 1) },
		"sink: WithHistoryAge: d must be positive, got 0s":                  func() { sink.WithHistoryAge(0) },
		"sink: WithHeartbeat: d must be positive, got 0s":                   func() { sink.WithHeartbeat(0) },
		"sink: WithRetry: d must be at least a millisecond, got 1µs":        func() { sink.WithRetry(time.Microsecond) },
		"sink: WithWriteTimeout: d must be positive, got -1s":               func() { sink.WithWriteTimeout(-time.Second) },
		"sink: WithMaxClients: n must be positive, got 0":                   func() { sink.WithMaxClients(0) },
	} {
		assert.PanicsWithValue(t, want, build)
	}
}
