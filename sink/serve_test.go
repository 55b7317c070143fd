package sink_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
)

// letters are events, one for each letter of a marble diagram.
func letters(diagram string) rxsse.Observable[codec.Event] {
	return operators.Map(marble.Cold(diagram), func(v string) codec.Event { return codec.Event{Data: v, ID: v} })
}

// serving calls Serve in a bubble, and returns the client's end, a way to leave, and
// what Serve returns.
func serving(t *testing.T, src rxsse.Observable[codec.Event], opts ...sink.ServeOption) (c *conn, leave context.CancelCauseFunc, end <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	c = newConn()
	returned := make(chan error, 1)
	go func() {
		returned <- sink.Serve(c, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil), src, opts...)
	}()
	synctest.Wait()
	return c, cancel, returned
}

func flushesOf(c *conn) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flushes
}

func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c, _, end := serving(t, letters("--a-(bc)-|"))
		assert.Equal(t, http.StatusOK, c.status)
		assert.Equal(t, "text/event-stream", c.header.Get("Content-Type"))
		assert.Equal(t, "no-cache, no-transform", c.header.Get("Cache-Control"))
		assert.Equal(t, ":", c.opening(), "a first line, before any event")
		assert.Equal(t, 1, flushesOf(c))
		time.Sleep(2 * marble.Frame)
		synctest.Wait()
		assert.Equal(t, "data: a\nid: a\n\n", c.body())
		assert.Equal(t, 2, flushesOf(c), "an event alone is flushed at once")
		require.NoError(t, <-end)
		assert.Equal(t, "data: a\nid: a\n\ndata: b\nid: b\n\ndata: c\nid: c\n\n", c.body())
		assert.Less(t, time.Since(start), time.Second, "no longer than src")
	})
}

// Events that arrive during a write are sent together after it.
func TestServeSendsTogetherWhatHasArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		src := operators.Tap(numberedEvents(1000), func(codec.Event) { taken++ })
		c, _, end := serving(t, operators.Concat(letters("-|"), src))
		release := c.hold()
		time.Sleep(marble.Frame)
		synctest.Wait()
		assert.Less(t, taken, 600, "src waits for a client that is slow")
		release()
		require.NoError(t, <-end)
		assert.Equal(t, 1000, strings.Count(c.body(), "data: "))
		assert.Less(t, flushesOf(c), 200, "how many depends on the scheduler")
	})
}

func numberedEvents(n int) rxsse.Observable[codec.Event] {
	events := make([]codec.Event, n)
	for i := range events {
		events[i].Data = strconv.Itoa(i)
	}
	return just(events...)
}

func TestServeHeartbeatAndRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// With a heartbeat that is longer than the write timeout, the deadline must not end a quiet stream.
		for _, timeout := range []time.Duration{time.Minute, time.Second} {
			c, leave, end := serving(t, operators.Concat(letters("a"+strings.Repeat("-", 50)+"|"), letters("-")),
				sink.ServeHeartbeat(10*time.Second), sink.ServeRetry(2*time.Second), sink.ServeWriteTimeout(timeout))
			retry, err := strconv.Atoi(strings.TrimPrefix(c.opening(), "retry: "))
			require.NoError(t, err)
			assert.GreaterOrEqual(t, retry, 2000)
			assert.LessOrEqual(t, retry, 3000)
			time.Sleep(9 * time.Second)
			assert.Equal(t, "data: a\nid: a\n\n", c.body())
			time.Sleep(22 * time.Second)
			assert.Equal(t, "data: a\nid: a\n\n:\n:\n:\n", c.body(), "10, 20 and 30 seconds after the event")
			leave(errGone)
			assert.Equal(t, errGone, <-end)
		}
	})
}

// The write deadline of an HTTP/2 stream ends the stream even while nothing is written, so
// the next heartbeat must extend it before it passes.
func TestServeQuietStreamsOutliveTheWriteDeadline(t *testing.T) {
	for heartbeat, timeout := range map[time.Duration]time.Duration{
		time.Minute: time.Second, time.Second: time.Minute, 3 * time.Second: 3 * time.Second,
		2900 * time.Millisecond: 3 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c := newConn()
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
			r.ProtoMajor, r.ProtoMinor = 2, 0
			end := make(chan error, 1)
			go func() {
				end <- sink.Serve(c, r, letters("a-"), sink.ServeHeartbeat(heartbeat), sink.ServeWriteTimeout(timeout))
			}()
			for start := time.Now(); time.Since(start) < 5*time.Minute; time.Sleep(time.Second / 4) {
				synctest.Wait()
				c.mu.Lock()
				left := time.Until(c.deadline)
				assert.True(t, c.deadline.IsZero() || left >= time.Second, "only %v are left for the next write to begin", left)
				c.mu.Unlock()
			}
			cancel()
			require.Error(t, <-end)
		})
	}
}

func TestServeEndsWhenTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		src := func(ctx context.Context) iter.Seq2[codec.Event, error] {
			return func(yield func(codec.Event, error) bool) {
				letters("a")(ctx)(yield)
				ended <- context.Cause(ctx)
			}
		}
		_, leave, end := serving(t, src, sink.ServeErrorEvent(func(error) codec.Event { panic("called for a client that is gone") }))
		leave(errGone)
		assert.Equal(t, errGone, <-end)
		assert.Error(t, <-ended, "src has ended")
	})
}

// A client that does not read is disconnected, and src ends.
func TestServeDisconnectsAClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, end := serving(t, letters("-a"), sink.ServeWriteTimeout(10*time.Second), sink.ServeErrorEvent(func(error) codec.Event {
			panic("nothing can be written")
		}))
		c.hold()
		start := time.Now()
		require.ErrorContains(t, <-end, "sink: Serve: i/o timeout")
		assert.GreaterOrEqual(t, time.Since(start), 10*time.Second)
		assert.LessOrEqual(t, time.Since(start), 21*time.Second)
	})
}

func TestServeErrorEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		event := func(err error) codec.Event { return codec.Event{Type: "error", Data: err.Error()} }
		c, _, end := serving(t, letters("ab#"), sink.ServeErrorEvent(event))
		assert.Equal(t, marble.Err, <-end)
		assert.Equal(t, "data: a\nid: a\n\ndata: b\nid: b\n\nevent: error\ndata: "+marble.Err.Error()+"\n\n", c.body())
		assert.False(t, c.deadline.Before(time.Now()), "the response ends cleanly")

		bad := func(error) codec.Event { return codec.Event{Type: "a\nb"} }
		c, _, end = serving(t, letters("a#"), sink.ServeErrorEvent(bad))
		err := <-end
		require.ErrorIs(t, err, marble.Err)
		require.ErrorContains(t, err, "event contains a line feed")
		assert.True(t, c.deadline.Before(time.Now()), "the response is aborted")
	})
}

// An event that cannot be sent ends the stream after those before it; text is repaired.
func TestServeOfEventsThatCannotBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, end := serving(t, just(codec.Event{Data: "a\r\nb\xff"}, codec.Event{ID: "1\n2"}, codec.Event{Data: "later"}))
		require.ErrorContains(t, <-end, "sink: Serve: ")
		assert.Equal(t, "data: a\ndata: b\uFFFD\n\n", c.body())
	})
}

func TestServeWithoutAFlusher(t *testing.T) {
	w := httptest.NewRecorder()
	err := sink.Serve(struct{ http.ResponseWriter }{w}, httptest.NewRequest(http.MethodGet, "/", nil), letters("a|"))
	require.ErrorIs(t, err, http.ErrNotSupported)
	assert.Equal(t, http.StatusInternalServerError, w.Code)
}

func TestServeOptionsRefuse(t *testing.T) {
	for want, build := range map[string]func(){
		"sink: ServeHeartbeat: d must be positive, got 0s":            func() { sink.ServeHeartbeat(0) },
		"sink: ServeWriteTimeout: d must be positive, got -1ns":       func() { sink.ServeWriteTimeout(-1) },
		"sink: ServeRetry: d must be at least a millisecond, got 1ns": func() { sink.ServeRetry(1) },
	} {
		assert.PanicsWithValue(t, want, build)
	}
	assert.NotPanics(t, func() { sink.ServeRetry(time.Millisecond) })
}

func TestLastEventID(t *testing.T) {
	for target, want := range map[string]string{
		"/": "", "/?lastEventId=7": "7", "/?evs_last_event_id=7": "7", "/?a=%zz": "",
		"/?lastEventId=none&lastEventId=7": "7", "/?lastEventId=none&evs_last_event_id=a%26+b": "a& b", "/?last%45ventId=7&lastEventId=&c": "7",
	} {
		assert.Equal(t, want, sink.LastEventID(httptest.NewRequest(http.MethodGet, target, nil)), target)
	}
	r := httptest.NewRequest(http.MethodGet, "/?lastEventId=7", nil)
	r.Header.Set("Last-Event-ID", "8")
	assert.Equal(t, "8", sink.LastEventID(r))
}

// protocols runs test with a server of each protocol. Each request's result of Serve is
// sent to served.
func protocols(t *testing.T, src rxsse.Observable[codec.Event], test func(t *testing.T, server *httptest.Server, served <-chan error)) {
	t.Helper()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			served := make(chan error, 1)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					if recovered := recover(); recovered != nil {
						served <- errors.New("panic")
						panic(http.ErrAbortHandler)
					}
				}()
				served <- sink.Serve(w, r, src)
			}))
			server.EnableHTTP2 = http2
			server.StartTLS()
			defer server.Close()
			resp, err := server.Client().Head(server.URL)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.NoError(t, <-served)
			assert.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
			assert.Equal(t, http2, resp.ProtoMajor == 2)
			test(t, server, served)
		})
	}
}

func TestServeOverTheNetwork(t *testing.T) {
	long := codec.Event{Data: strings.Repeat("long ", 100_000), ID: "2"}
	protocols(t, just(event("1"), long, event("3")), func(t *testing.T, server *httptest.Server, served <-chan error) {
		resp, err := server.Client().Get(server.URL)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err, "the response ends cleanly")
		require.NoError(t, resp.Body.Close())
		assert.True(t, string(body) == ":\n"+event("1").String()+long.String()+event("3").String())
		require.NoError(t, <-served)
	})
}

// The events before an error arrive, and then the client sees that the stream is
// incomplete.
func TestServeAbortsTheResponse(t *testing.T) {
	failing := func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			if yield(event("1"), nil) {
				yield(codec.Event{}, errGone)
			}
		}
	}
	panicking := func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			yield(event("1"), nil)
			panic("boom")
		}
	}
	for name, src := range map[string]rxsse.Observable[codec.Event]{"gone": failing, "panic": panicking} {
		t.Run(name, func(t *testing.T) {
			protocols(t, src, func(t *testing.T, server *httptest.Server, served <-chan error) {
				resp, err := server.Client().Get(server.URL)
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.Error(t, err)
				require.NoError(t, resp.Body.Close())
				assert.Equal(t, ":\n"+event("1").String(), string(body))
				require.EqualError(t, <-served, name)
			})
		})
	}
}

// A client that leaves, while the stream is quiet and while it is busy.
func TestServeAClientThatLeaves(t *testing.T) {
	quiet := func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			if yield(event("1"), nil) {
				<-ctx.Done()
				yield(codec.Event{}, context.Cause(ctx))
			}
		}
	}
	busy := func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for ctx.Err() == nil && yield(event("1"), nil) {
			}
		}
	}
	for name, src := range map[string]rxsse.Observable[codec.Event]{"quiet": quiet, "busy": busy} {
		t.Run(name, func(t *testing.T) {
			protocols(t, src, func(t *testing.T, server *httptest.Server, served <-chan error) {
				resp, err := server.Client().Get(server.URL)
				require.NoError(t, err)
				lines := bufio.NewScanner(resp.Body)
				require.True(t, lines.Scan())
				require.True(t, lines.Scan())
				require.NoError(t, resp.Body.Close())
				require.Error(t, <-served)
			})
		})
	}
}

func BenchmarkServe(b *testing.B) {
	events := make([]codec.Event, 1000)
	for i := range events {
		events[i] = codec.Event{Type: "price", Data: strings.Repeat("x", 200), ID: strconv.Itoa(i)}
	}
	w := discard{header: http.Header{}}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := sink.Serve(w, r, just(events...)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) FlushError() error           { return nil }
